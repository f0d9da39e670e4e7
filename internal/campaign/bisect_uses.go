package campaign

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/internal/bisect"
	"builders.test/internal/check"
	"builders.test/internal/check/exit"
	"builders.test/internal/report"
)

// each tests what a project uses at both ends, and searches for each claim that broke.
func (b Bisect) each(ctx context.Context, project check.Project) error {
	known, err := b.Releases(ctx)
	if err != nil {
		return err
	}
	if _, err := bisect.Between(known, b.Good, b.Bad); err != nil {
		return err
	}
	var ends []report.Report
	for _, version := range []string{b.Good, b.Bad} {
		one := b.Request
		one.Cell.BuildKit, one.Out = version, filepath.Join(b.Request.Out, "uses-"+version)
		result, err := project.Run(ctx, one, unseen(b.Stderr, one))
		if err != nil {
			return fmt.Errorf("testing what %s uses on %s: %w", b.Request.Choice.Uses, version, err)
		}
		fmt.Fprintf(b.Stdout, "%s: %s\n", version, result.Report.Summary)
		ends = append(ends, result.Report)
	}
	broke := brokeBetween(ends[0], ends[1])
	if len(broke) == 0 {
		return fmt.Errorf("nothing that %s uses holds in %s and is broken in %s; the reports are in %s", b.Request.Choice.Uses, b.Good, b.Bad, b.Request.Out)
	}
	var failed []error
	unsure := false
	for _, id := range broke {
		fmt.Fprintf(b.Stdout, "\n%s\n", id)
		one := b
		one.Claim, one.Request.Choice = id, check.Choice{}
		one.Request.Out = filepath.Join(b.Request.Out, strings.ReplaceAll(id, "/", "-"))
		err := one.search(ctx, project)
		if wavers, ok := errors.AsType[exit.Error](err); ok && wavers.Code == exit.Environment {
			unsure, err = true, nil
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", id, err))
		}
	}
	if unsure && len(failed) == 0 {
		return exit.Error{Code: exit.Environment}
	}
	return errors.Join(failed...)
}

// brokeBetween lists the claims that hold in one report and are broken in another.
func brokeBetween(good, bad report.Report) []string {
	held := map[string]bool{}
	for _, one := range good.Claims {
		held[one.ID] = one.Verdict == claim.Holds
	}
	var ids []string
	for _, one := range bad.Claims {
		if held[one.ID] && one.Verdict == claim.Broken {
			ids = append(ids, one.ID)
		}
	}
	return ids
}
