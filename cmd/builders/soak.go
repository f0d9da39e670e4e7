package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"builders.test/helpers/env"
	"builders.test/helpers/subject"
	"builders.test/internal/console"
	"builders.test/internal/dossier"
	"builders.test/internal/markdown"
	"builders.test/internal/page"
	"builders.test/internal/plan"
	"builders.test/internal/report"
	"builders.test/internal/run"
	"builders.test/internal/soak"
	"github.com/moby/sys/atomicwriter"
	"github.com/spf13/cobra"
)

// soakRun is the same checks again and again.
type soakRun struct {
	*matrixRun
	// runs and beside are as written.
	runs, beside string

	number  int
	company soak.Company
}

func newSoakCommand() *cobra.Command {
	s := &soakRun{matrixRun: &matrixRun{check: newCheck()}}
	command := &cobra.Command{
		Use:   "soak",
		Short: "Proves the claims again and again, and counts how often each fails",
		Long: `soak proves the claims RUNS times on each BuildKit, one run after the other, and
counts in how many of the runs each claim failed and how long it took. It is how
claims are found that fail now and then.

With BESIDE=1, or all, a second run of the same BuildKit goes on beside each, and its
verdicts count, too; BESIDE=4 gives one to the first four runs of each BuildKit only.

Runs that reached all their claims are kept, so a soak that was interrupted goes on
where it stopped, and one that is asked for more runs makes those that are missing;
--fresh begins anew, as is right after the proofs themselves were changed. Each run has a folder, such as v0.11.5/run-03 and, of the run
beside it, v0.11.5/run-03-beside. The evidence of runs in which everything held is
removed, all other is kept; soak.json, soak.html and soak.md have the tables, also
while the soak goes on.

It exits with 1 when a claim is broken in some run, with 2 when the environment
failed in one or something went wrong beside the claims, and with 0 otherwise.
Unsteady claims and known faults are shown and do not fail it, unless STRICT=1.

The flags have variables of the same names: RUNS, BESIDE, BUILDKIT, BUILDX, DRIVER,
STORE, RUN, SPECS, REGRESSIONS, CONFIRM, STRICT and OUT. BUILDKIT, BUILDX, DRIVER and
STORE take several words.`,
		Example: `  builders soak --runs 10 --buildkit "v0.11.5 v0.34.2"
  builders soak --runs 10 --beside 4 --run caching`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			s.stdout, s.stderr = command.OutOrStdout(), command.ErrOrStderr()
			return s.run(command.Context())
		},
	}
	flags := command.Flags()
	axesFlags(flags, &s.axes)
	s.choiceFlags(flags)
	s.verdictFlags(flags)
	flags.BoolVar(&s.regressions, "regressions", variable("REGRESSIONS", "") != "", "put the faults of past releases to the test, too")
	flags.StringVar(&s.runs, "runs", variable("RUNS", "10"), "how often the claims are proven on each BuildKit")
	flags.StringVar(&s.beside, "beside", variable("BESIDE", ""), "1 or all: a second run beside each; a higher number: beside that many of them")
	flags.BoolVar(&s.fresh, "fresh", false, "make every run, also those that are there")
	flags.StringVar(&s.out, "out", variable("OUT", filepath.Join("build", "soak")), "folder for the tables, and for each run a folder in it")
	return command
}

func (s *soakRun) run(ctx context.Context) error {
	cells, err := s.understand(ctx)
	if err != nil {
		return err
	}
	started := time.Now()
	ahead := prefetch{openLab: s.openLab}
	defer ahead.stop()
	var once sync.Once
	s.ready = func() { once.Do(func() { ahead.start(ctx, buildkitsOf(cells)...) }) }

	columns := make([]soak.Column, len(cells))
	for i, cell := range cells {
		columns[i] = soak.Column{Label: cell.String(), Short: cell.Folder()}
	}
	for number := 1; number <= s.number; number++ {
		for i, cell := range cells {
			runs := s.round(ctx, cell, number)
			if ctx.Err() != nil {
				return fmt.Errorf("interrupted after %.0f s; the same command goes on from here", time.Since(started).Seconds())
			}
			columns[i].Runs = append(columns[i].Runs, runs...)
			if err := s.write(soak.Of(s.number, columns...)); err != nil {
				return err
			}
		}
	}
	return s.conclude(soak.Of(s.number, columns...), time.Since(started))
}

// understand refuses what can be refused before anything is run.
func (s *soakRun) understand(ctx context.Context) ([]plan.Cell, error) {
	var err error
	if s.number, err = strconv.Atoi(s.runs); err != nil || s.number < 1 {
		return nil, fmt.Errorf("RUNS=%s is not how often the claims are to be proven; give a number from 1 on", s.runs)
	}
	if s.company, err = soak.ParseCompany(s.beside, s.number); err != nil {
		return nil, err
	}
	if s.axes.BuildKits == "" {
		s.axes.BuildKits = subject.DefaultBuildKit
	}
	cells, err := s.axes.Cells()
	if err != nil {
		return nil, err
	}
	if _, err := subject.ParseBuildx(s.buildx); err != nil {
		return nil, err
	}
	if err := s.openBook(ctx); err != nil {
		return nil, err
	}
	// What is wrong with the choice would be wrong in every run.
	for _, cell := range cells {
		if err := refuse(ctx, s.checkAt(place{cell: cell})); err != nil {
			return nil, err
		}
	}
	return cells, nil
}

func refuse(ctx context.Context, c *check) error {
	if _, err := subject.ParseBuildx(c.buildx); err != nil {
		return err
	}
	if _, err := env.Strict(c.strict); err != nil {
		return err
	}
	if _, err := env.Confirm(c.confirm); err != nil {
		return err
	}
	var err error
	if c.cell, err = subject.ParseCell(c.driver, c.store); err != nil {
		return err
	}
	_, err = c.selection(ctx)
	return err
}

// everyClaim reports whether a run reached all claims. What it complained of at
// the end is kept with it: made again until it does not, nobody would see it.
func everyClaim(o run.Outcome) bool { return o.Unreached == 0 }

// round makes one run of a cell and, where it has one, the run beside it. They
// are kept only together.
func (s *soakRun) round(ctx context.Context, cell plan.Cell, number int) []soak.Run {
	places := s.places(cell, number)
	outcomes := make([]outcome, len(places))
	kept := true
	for i, at := range places {
		if outcomes[i], kept = s.kept(ctx, at); !kept {
			break
		}
	}
	if !kept {
		s.together(ctx, places, outcomes)
	}
	runs := make([]soak.Run, 0, len(places))
	for i, o := range outcomes {
		if kept {
			s.sayKept(places[i], o)
		}
		runs = append(runs, s.runOf(o, number, i > 0, len(places) > 1))
	}
	return runs
}

func (s *soakRun) together(ctx context.Context, places []place, outcomes []outcome) {
	var group sync.WaitGroup
	for i, at := range places {
		group.Go(func() { outcomes[i] = s.attempt(ctx, at) })
	}
	group.Wait()
	if ctx.Err() == nil {
		s.tidy(outcomes)
	}
}

func (s *soakRun) places(cell plan.Cell, number int) []place {
	company := s.company.Has(number)
	dir := filepath.Join(s.out, cell.Folder(), fmt.Sprintf("run-%02d", number))
	name := fmt.Sprintf("%s, run %d of %d", cell, number, s.number)
	all := []place{{cell: cell, dir: dir, name: name, company: company, complete: everyClaim}}
	if company {
		all = append(all, place{cell: cell, dir: dir + "-beside", name: name + ", beside", company: true, complete: everyClaim})
	}
	return all
}

func (s *soakRun) runOf(o outcome, number int, second, company bool) soak.Run {
	r := soak.Run{Number: number, Second: second, Company: company, Seconds: o.seconds}
	if folder, err := filepath.Rel(s.out, o.dir); err == nil {
		r.Folder = filepath.ToSlash(folder)
	}
	if o.err != nil {
		r.Failed, r.Seconds = o.err.Error(), 0
		return r
	}
	r.Report = &o.report
	return r
}

// tidy keeps the evidence of a round in which something failed, with a page
// for each of its runs, and removes it otherwise: a soak makes gigabytes of it.
func (s *soakRun) tidy(outcomes []outcome) {
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
			err = page.Write(filepath.Join(o.dir, report.Page), dossier.Of(dossier.Run{Dir: o.dir, Report: o.report}))
		}
		if err != nil {
			s.say("  note: %v", err)
		}
	}
}

// quiet reports whether a run has nothing to say: what failed was known.
func quiet(r report.Report) bool {
	return len(r.Outside) == 0 && r.Summary.Broken+r.Summary.Unsteady+r.Summary.Error == 0
}

// write writes the tables.
func (s *soakRun) write(all soak.Soak) error {
	content, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", soak.File, err)
	}
	var text bytes.Buffer
	if err := markdown.WriteSoak(&text, all); err != nil {
		return err
	}
	html, err := page.RenderSoak(all)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return fmt.Errorf("OUT=%s cannot be created: %w; name a writable folder", s.out, err)
	}
	for name, content := range map[string][]byte{
		soak.File: append(content, '\n'), soak.Markdown: text.Bytes(), soak.Page: html,
	} {
		if err := atomicwriter.WriteFile(filepath.Join(s.out, name), content, 0o644); err != nil {
			return fmt.Errorf("OUT=%s cannot be written: %w; name a writable folder", s.out, err)
		}
	}
	return nil
}

func (s *soakRun) conclude(all soak.Soak, elapsed time.Duration) error {
	s.say("")
	screen := console.New(s.stdout, s.stderr, s.out)
	screen.Soak(all)
	s.say("%d runs in %.0f s", all.Runs(), elapsed.Seconds())
	for _, file := range []string{soak.File, soak.Page, soak.Markdown} {
		screen.Note("report", filepath.Join(s.out, file))
	}
	return s.ending(all)
}

// ending is nil when nothing fails the soak.
func (s *soakRun) ending(all soak.Soak) error {
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
	return s.policy().Runs(all.Runs()-len(reports), reports...)
}
