package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/script"
	"builders.test/helpers/spec"
	"builders.test/internal/claims"
	"builders.test/internal/console"
	"builders.test/internal/history"
	"builders.test/internal/report"
	"github.com/spf13/cobra"
)

// newestBuildKit is the release that a regression of buildx is shown with,
// unless its script names another.
const newestBuildKit = "v0.34.2"

// historyRun puts the regressions of the past to the test on both sides.
type historyRun struct {
	*check
	fresh bool
}

func newHistoryCommand() *cobra.Command {
	h := &historyRun{check: newCheck()}
	command := &cobra.Command{
		Use:   "history",
		Short: "Proves that the regressions of the past would have been caught",
		Long: `history runs each script of fixtures/regressions on the release that its head calls
broken, where it has to be red, and on the one that it calls fixed, where it has to
hold, and prints the score. What was judged before is kept, by the script's
content and the releases; --fresh judges everything again.

It exits with 0 when every regression was caught, and with 1 otherwise.

RUN chooses some of the scripts by their names.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			h.stdout, h.stderr = command.OutOrStdout(), command.ErrOrStderr()
			return h.run(command.Context())
		},
	}
	flags := command.Flags()
	flags.StringVar(&h.choice, "run", variable("RUN", ""), "a pattern for the names of scripts (default all)")
	flags.BoolVar(&h.fresh, "fresh", false, "judge everything again")
	flags.StringVar(&h.out, "out", variable("OUT", filepath.Join("build", "history")), "folder for the reports and the evidence")
	return command
}

func (h *historyRun) run(ctx context.Context) error {
	if err := h.inProject(); err != nil {
		return err
	}
	pattern, err := regexp.Compile(h.choice)
	if err != nil {
		return fmt.Errorf("RUN=%s: %w", h.choice, err)
	}
	scripts, err := script.Folder(claims.RegressionsFolder)
	if err != nil {
		return err
	}
	chosen := slices.DeleteFunc(scripts, func(s script.Script) bool {
		return s.Claim.Known == nil || !pattern.MatchString(s.Claim.Name())
	})
	if len(chosen) == 0 {
		return fmt.Errorf("RUN=%s: no regression has such a name", h.choice)
	}
	started := time.Now()
	ledger, err := history.Open(h.out, h.fresh)
	if err != nil {
		return err
	}
	for _, cell := range history.Cells(chosen, newestBuildKit) {
		if err := h.judge(ctx, ledger, cell); err != nil {
			return err
		}
	}
	return h.conclude(ledger, chosen, time.Since(started))
}

// judge runs what is not known yet of one cell.
func (h *historyRun) judge(ctx context.Context, ledger *history.Ledger, cell history.Cell) error {
	missing := slices.DeleteFunc(slices.Clone(cell.Scripts), func(s script.Script) bool { return ledger.Knows(s, cell) })
	if len(missing) == 0 {
		return nil
	}
	fmt.Fprintf(h.stdout, "  %s: %s\n", cell, strings.Join(names(missing), ", "))
	one := *h.check
	one.buildkit, one.buildx = cell.BuildKit, cell.Buildx
	one.choice = "^TestRegressions$/^(" + strings.Join(names(missing), "|") + ")$"
	one.out = filepath.Join(h.out, cell.Folder())
	p, err := one.prove(ctx, console.New(io.Discard, h.stderr, one.out))
	if ctx.Err() != nil {
		return errors.New("interrupted; the same command goes on from here")
	}
	if err != nil {
		fmt.Fprintf(h.stdout, "    not run: %v\n", err)
		return nil
	}
	return ledger.Note(cell, missing, p.report.Claims)
}

func names(scripts []script.Script) []string {
	var all []string
	for _, s := range scripts {
		all = append(all, s.Claim.Name())
	}
	return all
}

func (h *historyRun) conclude(ledger *history.Ledger, chosen []script.Script, elapsed time.Duration) error {
	caught := 0
	fmt.Fprintln(h.stdout)
	for _, s := range chosen {
		score := ledger.Score(s, newestBuildKit)
		mark := report.Mark(spec.Holds)
		if score.Caught() {
			caught++
		} else {
			mark = report.Mark(spec.Broken)
		}
		fmt.Fprintf(h.stdout, "%s %-26s %s\n", mark, s.Claim.Name(), score)
	}
	fmt.Fprintf(h.stdout, "\ncaught %d of %d · %.0f s\n", caught, len(chosen), elapsed.Seconds())
	if caught < len(chosen) {
		return ending{code: exitBroken}
	}
	return nil
}
