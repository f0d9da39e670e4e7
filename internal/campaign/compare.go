package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"builders.test/internal/check"
	"builders.test/internal/check/exit"
	"builders.test/internal/check/views"
	"builders.test/internal/compare"
	"builders.test/internal/console"
	"builders.test/internal/report"
	"builders.test/internal/results"
)

// Compare is two runs on one host, one after the other.
type Compare struct {
	check.Workspace
	// Request is for the candidate; its folder has a subfolder for each side.
	Request check.Request
	// Baseline is the BuildKit that is in use, and BaselineBuildx the buildx; empty
	// means the candidate's.
	Baseline, BaselineBuildx string
}

// side is one of the two, and what it has said so far.
type side struct {
	name    string
	request check.Request
	report  report.Report
	// rounds counts how often it was asked again.
	rounds int
}

func (s *side) run() results.Run { return results.Run{Dir: s.request.Out, Report: s.report} }

// Run makes both runs, asks again what they cannot decide, and shows what becomes of
// each claim.
func (c Compare) Run(ctx context.Context) error {
	baseline, candidate, err := c.sides()
	if err != nil {
		return err
	}
	project, err := c.Open(ctx, baseline.request, candidate.request)
	if err != nil {
		return err
	}
	for _, s := range []*side{baseline, candidate} {
		if err := forgetAgain(s.request.Out); err != nil {
			return err
		}
	}
	ahead := c.Prefetch(ctx, candidate.request.Cell.BuildKit)
	defer ahead.Stop()
	if err := c.ask(ctx, project, baseline, ahead.Start); err != nil {
		return err
	}
	if err := c.ask(ctx, project, candidate, nil); err != nil {
		return err
	}
	if err := project.Unchanged(ctx); err != nil {
		return err
	}
	screen := console.New(c.Stdout, c.Stderr, c.Request.Out)
	if err := c.askAgain(ctx, project, baseline, candidate); err != nil {
		// What the first runs said is worth a report.
		screen.Note("note", exit.Line(err))
	}
	return c.conclude(baseline, candidate, screen)
}

// sides returns the two, unless they are the same.
func (c Compare) sides() (baseline, candidate *side, err error) {
	baseline, candidate = &side{name: "baseline", request: c.Request}, &side{name: "candidate", request: c.Request}
	baseline.request.Cell.BuildKit = c.Baseline
	if c.BaselineBuildx != "" {
		baseline.request.Cell.Buildx = c.BaselineBuildx
	}
	if baseline.request.Cell == candidate.request.Cell {
		return nil, nil, fmt.Errorf("baseline and candidate are both BuildKit %s; name another with BASELINE or BUILDKIT, or another buildx with BASELINE_BUILDX", c.Request.Cell.BuildKit)
	}
	for _, s := range []*side{baseline, candidate} {
		s.request.Out = filepath.Join(c.Request.Out, s.name)
	}
	return baseline, candidate, nil
}

// forgetAgain removes what earlier commands asked again in the same folder, which
// would otherwise count as this command's.
func forgetAgain(out string) error {
	folders, err := filepath.Glob(filepath.Join(out, "again-[0-9]*"))
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("remove what was asked again earlier: %w; name a writable folder with --out", err)
		}
	}
	return nil
}

// ask asks one side for the first time. ready is called when the lab is up.
func (c Compare) ask(ctx context.Context, p check.Project, s *side, ready func()) error {
	screen := console.New(c.Stdout, c.Stderr, s.request.Out)
	screen.Note(s.name, "BuildKit "+s.request.Cell.BuildKit)
	result, err := p.Run(ctx, s.request, check.Watch{Screen: screen, Ready: ready})
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	s.report = result.Report
	screen.Summary(result.Report, result.Elapsed, result.Path)
	fmt.Fprintln(c.Stdout)
	return nil
}

// askAgain repeats the claims that one try or four cannot decide, alternating
// between the baseline and the candidate, until their rates differ or have been
// looked at often enough. Afterwards the two reports have everything that was
// asked.
func (c Compare) askAgain(ctx context.Context, p check.Project, baseline, candidate *side) error {
	for ctx.Err() == nil {
		before, after := compare.Reports(baseline.report, candidate.report).Again()
		if len(before)+len(after) == 0 {
			return nil
		}
		if err := c.repeat(ctx, p, baseline, before); err != nil {
			return err
		}
		if err := c.repeat(ctx, p, candidate, after); err != nil {
			return err
		}
	}
	return errors.New("interrupted during the additional tries; those made so far count")
}

// repeat asks one side again about some claims.
func (c Compare) repeat(ctx context.Context, p check.Project, s *side, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	s.rounds++
	folder := fmt.Sprintf(againFolder, s.rounds)
	one := s.request.Alone(filepath.Join(s.request.Out, folder), ids...)
	p.Stderr = io.Discard // the lab is up, and says so each time
	result, err := p.Run(ctx, one, unseen(c.Stderr, one))
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("asking the %s again about %s: %w", s.name, strings.Join(ids, ", "), err)
	}
	s.report = compare.Add(s.report, result.Report, folder)
	if _, err := s.report.Write(s.request.Out); err != nil {
		return err
	}
	for _, claim := range result.Report.Claims {
		fmt.Fprintf(c.Stdout, "  again   %-10s %s %s\n", s.name, report.Mark(claim.Verdict), claim.ID)
	}
	return nil
}

// conclude shows what became of the claims, and makes the page. It returns no
// error if nothing regressed and everything was decided.
func (c Compare) conclude(baseline, candidate *side, screen *console.Console) error {
	d := results.Compare(baseline.run(), candidate.run())
	screen.Comparison(*d.Comparison)
	if selected := d.Selected(); selected != "" {
		screen.Note("of", selected)
	}
	screen.Note("report", views.Publish(d, c.Request.Out, screen.Note))
	counts := d.Comparison.Count()
	runErrors := len(baseline.report.RunErrors) + len(candidate.report.RunErrors)
	return exit.With(counts[compare.Regressed], counts[compare.Environment]+counts[compare.Undecided]+runErrors)
}
