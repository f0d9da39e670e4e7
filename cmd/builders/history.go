package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/claim"
	"builders.test/internal/console"
	"builders.test/internal/exit"
	"builders.test/internal/history"
	"builders.test/internal/report"
	"builders.test/internal/versions"
	"github.com/spf13/cobra"
)

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
		Long: `history runs each claim that some release is known to break, which are the scripts of
fixtures/regressions and a few others, on that release, where it has to be red, and
on the one that mended it, where it has to hold, and prints the score. What was
judged before is kept, by the script's content and the releases; --fresh judges
everything again.

It exits with 0 when every regression was caught, with 1 when one was not, and with
2 when some could not be judged and none is known to have slipped through.

RUN chooses some of them, by their ids and globs of ids.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			h.stdout, h.stderr = command.OutOrStdout(), command.ErrOrStderr()
			return h.run(command.Context())
		},
	}
	flags := command.Flags()
	flags.StringVar(&h.choice, "run", variable("RUN", ""), "claims' ids and globs of ids, such as regressions/rm* (default all)")
	flags.BoolVar(&h.fresh, "fresh", false, "judge everything again")
	flags.StringVar(&h.out, "out", variable("OUT", filepath.Join("build", "history")), "folder for the reports and the evidence")
	return command
}

func (h *historyRun) run(ctx context.Context) error {
	chosen, err := h.regressions(ctx)
	if err != nil {
		return err
	}
	started := time.Now()
	ledger, err := history.Open(h.out, h.fresh)
	if err != nil {
		return err
	}
	for _, cell := range history.Cells(chosen, versions.NewestBuildKit) {
		if err := h.judge(ctx, ledger, cell); err != nil {
			return err
		}
	}
	return h.conclude(ledger, chosen, time.Since(started))
}

// regressions are the claims that some release is known to break: all scripts,
// and some claims of the book.
func (h *historyRun) regressions(ctx context.Context) ([]history.Regression, error) {
	if err := h.openBook(ctx); err != nil {
		return nil, err
	}
	known, err := h.book.Only(func(c claim.Listed) bool { return c.Known != nil })
	if err != nil {
		return nil, err
	}
	chosen, err := known.Select(h.choice)
	if err != nil {
		return nil, err
	}
	var all []history.Regression
	for _, c := range chosen.Claims {
		all = append(all, history.Regression{Claim: c.Claim, Edition: c.Edition})
	}
	return all, nil
}

// judge runs what is not known yet of one cell.
func (h *historyRun) judge(ctx context.Context, ledger *history.Ledger, cell history.Cell) error {
	missing := slices.DeleteFunc(slices.Clone(cell.Regressions), func(r history.Regression) bool { return ledger.Knows(r, cell) })
	if len(missing) == 0 {
		return nil
	}
	var ids []string
	for _, r := range missing {
		ids = append(ids, r.Claim.ID)
	}
	fmt.Fprintf(h.stdout, "  %s: %s\n", cell, strings.Join(ids, ", "))
	one := *h.check
	one.buildkit, one.buildx, one.choice, one.ids = cell.BuildKit, cell.Buildx, "", ids
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

func (h *historyRun) conclude(ledger *history.Ledger, chosen []history.Regression, elapsed time.Duration) error {
	caught, unknown := 0, 0
	fmt.Fprintln(h.stdout)
	for _, r := range chosen {
		score := ledger.Score(r, versions.NewestBuildKit)
		mark := report.Mark(claim.Holds)
		switch {
		case score.Caught():
			caught++
		case score.Unknown():
			unknown++
			mark = report.Mark(claim.Error)
		default:
			mark = report.Mark(claim.Broken)
		}
		fmt.Fprintf(h.stdout, "%s %-38s %s\n", mark, r.Claim.ID, score)
	}
	fmt.Fprintf(h.stdout, "\ncaught %d of %d · %.0f s\n", caught, len(chosen), elapsed.Seconds())
	return exit.With(len(chosen)-caught-unknown, unknown)
}
