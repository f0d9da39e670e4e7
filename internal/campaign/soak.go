package campaign

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"builders.test/helpers/subject"
	"builders.test/internal/check"
	"builders.test/internal/check/exit"
	"builders.test/internal/check/views"
	"builders.test/internal/console"
	"builders.test/internal/page"
	"builders.test/internal/plan"
	"builders.test/internal/report"
	"builders.test/internal/results"
	"builders.test/internal/soak"
)

// Soak repeats the same runs many times.
type Soak struct {
	check.Workspace
	// Request is for each run; its folder has a subfolder for each.
	Request check.Request
	Axes    plan.Axes
	// Runs is how often each cell is run, and Beside how many of its runs have
	// another one alongside them, in the words of RUNS and BESIDE.
	Runs, Beside string
	// Fresh also repeats existing runs.
	Fresh bool
}

// Run makes the runs that are missing, one after the other, and keeps the tables up
// to date meanwhile.
func (s Soak) Run(ctx context.Context) error {
	w, err := s.understand(ctx)
	if err != nil {
		return err
	}
	started := time.Now()
	ahead := s.Prefetch(ctx, buildkitsOf(w.all)...)
	defer ahead.Stop()
	w.ready = ahead.Start

	columns := make([]soak.Column, len(w.all))
	for i, cell := range w.all {
		columns[i] = soak.Column{Label: cell.String(), Short: cell.Folder()}
	}
	for number := 1; number <= w.number; number++ {
		for i, cell := range w.all {
			runs := w.round(ctx, cell, number)
			if ctx.Err() != nil {
				return interrupted(started)
			}
			columns[i].Runs = append(columns[i].Runs, runs...)
			if err := views.WriteSoak(s.Request.Out, soak.Of(w.number, columns...)); err != nil {
				return err
			}
		}
	}
	return w.conclude(soak.Of(w.number, columns...), time.Since(started))
}

// soaking is a soak in progress.
type soaking struct {
	*cells
	all     []plan.Cell
	number  int
	company soak.Company
}

// understand refuses what can be refused before anything runs.
func (s Soak) understand(ctx context.Context) (*soaking, error) {
	number, err := strconv.Atoi(s.Runs)
	if err != nil || number < 1 {
		return nil, fmt.Errorf("RUNS=%s is not a number of runs; use a number from 1 up", s.Runs)
	}
	company, err := soak.ParseCompany(s.Beside, number)
	if err != nil {
		return nil, err
	}
	if s.Axes.BuildKitVersions == "" {
		s.Axes.BuildKitVersions = subject.DefaultBuildKit
	}
	all, err := s.Axes.Cells()
	if err != nil {
		return nil, err
	}
	w := &soaking{cells: &cells{request: s.Request, fresh: s.Fresh}, all: all, number: number, company: company}
	// What is wrong with one request would be wrong in every run.
	var requests []check.Request
	for _, cell := range all {
		requests = append(requests, w.at(place{cell: cell}))
	}
	w.project, err = s.Open(ctx, requests...)
	return w, err
}

// everyClaim reports whether a run reached all claims. Its complaints at the end
// are kept with it: a rerun without complaints would hide them.
func everyClaim(r check.Result) bool { return r.Unreached == 0 }

// round makes one run of a cell and, if it has one, the run alongside it. They
// are kept only together.
func (w *soaking) round(ctx context.Context, cell plan.Cell, number int) []soak.Run {
	places := w.places(cell, number)
	outcomes := make([]outcome, len(places))
	kept := true
	for i, at := range places {
		if outcomes[i], kept = w.kept(at); !kept {
			break
		}
	}
	if !kept {
		w.together(ctx, places, outcomes)
	}
	runs := make([]soak.Run, 0, len(places))
	for i, o := range outcomes {
		if kept {
			w.sayKept(places[i], o)
		}
		run := w.runOf(o)
		run.Number, run.Second, run.Company = number, i > 0, len(places) > 1
		runs = append(runs, run)
	}
	return runs
}

func (w *soaking) together(ctx context.Context, places []place, outcomes []outcome) {
	var group sync.WaitGroup
	for i, at := range places {
		group.Go(func() { outcomes[i] = w.attempt(ctx, at) })
	}
	group.Wait()
	if ctx.Err() == nil {
		w.tidy(outcomes)
	}
}

func (w *soaking) places(cell plan.Cell, number int) []place {
	company := w.company.Has(number)
	dir := filepath.Join(w.request.Out, cell.Folder(), fmt.Sprintf("run-%02d", number))
	name := fmt.Sprintf("%s, run %d of %d", cell, number, w.number)
	all := []place{{cell: cell, dir: dir, name: name, company: company, complete: everyClaim}}
	if company {
		all = append(all, place{cell: cell, dir: dir + "-beside", name: name + ", beside", company: true, complete: everyClaim})
	}
	return all
}

func (w *soaking) runOf(o outcome) soak.Run {
	r := soak.Run{Seconds: o.seconds}
	if folder, err := filepath.Rel(w.request.Out, o.dir); err == nil {
		r.Folder = filepath.ToSlash(folder)
	}
	if o.err != nil {
		r.Failed, r.Seconds = exit.Line(o.err), 0
		return r
	}
	r.Report = &o.report
	return r
}

// tidy keeps the evidence of a round in which something failed, with a page for
// each of its runs, and otherwise removes it: a soak makes gigabytes of it.
func (w *soaking) tidy(outcomes []outcome) {
	loud := false
	for _, o := range outcomes {
		loud = loud || o.err != nil || !quiet(o.report)
	}
	for _, o := range outcomes {
		var err error
		switch {
		case !loud:
			err = os.RemoveAll(filepath.Join(o.dir, filepath.FromSlash(report.EvidenceOf(""))))
		case o.err == nil:
			err = page.Write(filepath.Join(o.dir, report.Page), results.Of(results.Run{Dir: o.dir, Report: o.report}))
		}
		if err != nil {
			w.say("  note: %v", err)
		}
	}
}

// quiet reports whether a run has nothing to say: every failure was known.
func quiet(r report.Report) bool {
	return len(r.RunErrors) == 0 && r.Summary.Broken+r.Summary.Unsteady+r.Summary.Error == 0
}

func (w *soaking) conclude(all soak.Soak, elapsed time.Duration) error {
	w.say("")
	screen := console.New(w.project.Stdout, w.project.Stderr, w.request.Out)
	screen.Soak(all)
	w.say("%d runs in %.0f s", all.Runs(), elapsed.Seconds())
	for _, file := range []string{soak.File, soak.Page, soak.Markdown} {
		screen.Note("report", filepath.Join(w.request.Out, file))
	}
	var reports []report.Report
	for _, column := range all.Columns {
		for _, r := range column.Runs {
			if r.Report != nil {
				reports = append(reports, *r.Report)
			}
		}
	}
	if len(reports) == 0 {
		return errors.New("no run could be made; what was wrong with each is said above")
	}
	return w.request.Policy().Runs(all.Runs()-len(reports), reports...)
}
