package campaign

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/claim"
	"builders.test/internal/check"
	"builders.test/internal/check/exit"
	"builders.test/internal/history"
	"builders.test/internal/report"
	"builders.test/internal/versions"
)

// History tests past regressions on both sides: on the release that had them and
// on the one that fixed them.
type History struct {
	check.Workspace
	// Request chooses some of them; its folder has a subfolder for each pair of releases.
	Request check.Request
	// Fresh judges again what was judged before.
	Fresh bool
}

// Run judges what is not known yet and prints the score.
func (h History) Run(ctx context.Context) error {
	project, err := h.Open(ctx)
	if err != nil {
		return err
	}
	known, err := project.Book.Only(func(c claim.Listed) bool { return c.Known != nil })
	if err != nil {
		return err
	}
	all, err := known.Select(h.Request.Choice.Run)
	if err != nil {
		return err
	}
	chosen := all.Claims
	started := time.Now()
	ledger := history.New(h.Request.Out)
	if !h.Fresh {
		if ledger, err = history.Open(h.Request.Out); err != nil {
			return err
		}
	}
	for _, cell := range history.Cells(chosen, versions.NewestBuildKit) {
		if err := h.judge(ctx, project, ledger, cell); err != nil {
			return err
		}
	}
	return h.conclude(ledger, chosen, time.Since(started))
}

// judge runs what is not known yet about one cell.
func (h History) judge(ctx context.Context, p check.Project, ledger *history.Ledger, cell history.Cell) error {
	missing := slices.DeleteFunc(slices.Clone(cell.Regressions), func(r history.Regression) bool { return ledger.Knows(r, cell) })
	if len(missing) == 0 {
		return nil
	}
	var ids []string
	for _, r := range missing {
		ids = append(ids, r.Claim.ID)
	}
	fmt.Fprintf(h.Stdout, "  %s: %s\n", cell, strings.Join(ids, ", "))
	one := h.Request
	one.Cell.BuildKit, one.Cell.Buildx = cell.BuildKit, cell.Buildx
	one.Choice, one.Out = check.Choice{IDs: ids}, filepath.Join(h.Request.Out, cell.Folder())
	result, err := p.Run(ctx, one, unseen(h.Stderr, one))
	if ctx.Err() != nil {
		return errors.New("interrupted; the same command resumes from here")
	}
	if err != nil {
		fmt.Fprintf(h.Stdout, "    not run: %v\n", err)
		return nil
	}
	return ledger.Note(cell, missing, result.Report.Claims)
}

func (h History) conclude(ledger *history.Ledger, chosen []history.Regression, elapsed time.Duration) error {
	caught, unknown := 0, 0
	fmt.Fprintln(h.Stdout)
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
		fmt.Fprintf(h.Stdout, "%s %-38s %s\n", mark, r.Claim.ID, score)
	}
	fmt.Fprintf(h.Stdout, "\ncaught %d of %d · %.0f s\n", caught, len(chosen), elapsed.Seconds())
	return exit.With(len(chosen)-caught-unknown, unknown)
}
