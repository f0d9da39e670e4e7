package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"builders.test/internal/console"
	"builders.test/internal/dossier"
	"builders.test/internal/plan"
	"builders.test/internal/report"
	"builders.test/internal/run"
	"builders.test/internal/views"
	"github.com/moby/sys/atomicwriter"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
)

// matrixRun is many checks, side by side.
type matrixRun struct {
	*check
	axes  plan.Axes
	jobs  int
	fresh bool

	mu sync.Mutex // of stdout
}

func newMatrixCommand() *cobra.Command {
	m := &matrixRun{check: newCheck()}
	m.regressions = true
	command := &cobra.Command{
		Use:   "matrix",
		Short: "Proves the claims on several BuildKits, buildxs, drivers and image stores",
		Long: `matrix proves the claims in every cell: each BuildKit with each buildx, driver and
image store. A cell that fails does not stop the others. Cells that were finished
by an earlier run with the same claims are kept, so an interrupted matrix goes on
where it stopped; --fresh begins anew. BuildKit images are made while other cells
run.

It exits with 1 when a claim is broken in some cell, with 2 when the environment
failed in one, and with 0 otherwise. Known faults and unsteady claims are shown and
change that only under STRICT=1.

The flags have variables of the same names: BUILDKIT, BUILDX, DRIVER, STORE, RUN,
SPECS, CONFIRM, STRICT and OUT, of which the first four take several words.`,
		Example: `  builders matrix --buildkit "v0.11.5 v0.16.0 v0.25.2 v0.34.2"
  builders matrix --buildkit v0.34.2 --driver "docker-container docker remote" --store "containerd overlay2"`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			m.stdout, m.stderr = command.OutOrStdout(), command.ErrOrStderr()
			return m.run(command.Context())
		},
	}
	flags := command.Flags()
	axesFlags(flags, &m.axes)
	m.choiceFlags(flags)
	m.verdictFlags(flags)
	flags.IntVar(&m.jobs, "jobs", 2, "how many cells run at the same time")
	flags.BoolVar(&m.fresh, "fresh", false, "run every cell, also those that are finished")
	flags.StringVar(&m.out, "out", variable("OUT", filepath.Join("build", "matrix")), "folder for the reports and the evidence, one folder for each cell")
	return command
}

func axesFlags(flags *pflag.FlagSet, axes *plan.Axes) {
	flags.StringVar(&axes.BuildKits, "buildkit", variable("BUILDKIT", ""), "BuildKits under test, separated by blanks or commas")
	flags.StringVar(&axes.Buildxs, "buildx", variable("BUILDX", ""), "buildx releases or plugins under test")
	flags.StringVar(&axes.Drivers, "driver", variable("DRIVER", ""), "the builders' drivers: docker-container, docker, remote")
	flags.StringVar(&axes.Stores, "store", variable("STORE", ""), "the engines' image stores: containerd, overlay2")
}

func (m *matrixRun) run(ctx context.Context) error {
	cells, err := m.axes.Cells()
	if err != nil {
		return err
	}
	if m.jobs < 1 {
		return fmt.Errorf("--jobs %d: at least one cell has to run at a time", m.jobs)
	}
	if err := m.openBook(ctx); err != nil {
		return err
	}
	started := time.Now()
	ahead := prefetch{openLab: m.openLab}
	defer ahead.stop()
	var once sync.Once
	m.ready = func() { once.Do(func() { ahead.start(ctx, buildkitsOf(cells)...) }) }

	outcomes := make([]outcome, len(cells))
	var group errgroup.Group
	group.SetLimit(m.jobs)
	for i, cell := range cells {
		group.Go(func() error {
			if ctx.Err() == nil {
				outcomes[i] = m.cell(ctx, cell)
			}
			return nil
		})
	}
	_ = group.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted after %.0f s; the same command goes on from here", time.Since(started).Seconds())
	}
	return m.conclude(outcomes, time.Since(started))
}

func buildkitsOf(cells []plan.Cell) []string {
	var all []string
	for _, c := range cells {
		if c.BuildKit != "" {
			all = append(all, c.BuildKit)
		}
	}
	return all
}

// outcome is what came of one cell.
type outcome struct {
	cell    plan.Cell
	dir     string
	report  report.Report
	seconds float64
	// kept tells that an earlier run had finished the cell.
	kept bool
	err  error
}

// note is the file that tells a finished cell from a half made one.
const note = "cell.json"

// finished is what is noted about a cell.
type finished struct {
	Cell        plan.Cell `json:"cell"`
	Book        string    `json:"book"`
	Run         string    `json:"run"`
	Regressions bool      `json:"regressions,omitempty"`
	// Company tells that another run of the same went on beside it.
	Company bool    `json:"company,omitempty"`
	Seconds float64 `json:"seconds"`
}

// place is where a cell is run, and how it is spoken of.
type place struct {
	cell    plan.Cell
	dir     string
	name    string
	company bool
	// complete reports whether a run need not be made again.
	complete func(run.Outcome) bool
}

// undisturbed reports whether nothing kept the run from ending as it should.
func undisturbed(o run.Outcome) bool { return o.Why == "" }

func (m *matrixRun) cell(ctx context.Context, cell plan.Cell) outcome {
	at := place{cell: cell, dir: filepath.Join(m.out, cell.Folder()), name: cell.String(), complete: undisturbed}
	if o, found := m.kept(ctx, at); found {
		m.sayKept(at, o)
		return o
	}
	return m.attempt(ctx, at)
}

// checkAt is the check that runs there.
func (m *matrixRun) checkAt(at place) *check {
	one := *m.check
	one.driver, one.store, one.buildx = at.cell.Driver, at.cell.Store, at.cell.Buildx
	if at.cell.BuildKit != "" {
		one.buildkit = at.cell.BuildKit
	}
	one.out = at.dir
	return &one
}

// attempt runs the cell, and notes that it is finished if it is.
func (m *matrixRun) attempt(ctx context.Context, at place) outcome {
	o := outcome{cell: at.cell, dir: at.dir}
	m.say("  %-44s …", at.name)
	started := time.Now()
	p, err := m.checkAt(at).prove(ctx, console.New(io.Discard, io.Discard, at.dir))
	o.report, o.err, o.seconds = p.report, err, time.Since(started).Seconds()
	if err != nil {
		m.say("  %-44s not run: %v", at.name, err)
		return o
	}
	m.say("  %-44s %s · %.0f s", at.name, p.report.Summary, o.seconds)
	if at.complete(p.outcome) && ctx.Err() == nil {
		o.err = m.finish(o, at)
	}
	return o
}

// kept reads what an earlier run made of the cell, if it finished it.
func (m *matrixRun) kept(ctx context.Context, at place) (outcome, bool) {
	content, err := os.ReadFile(filepath.Join(at.dir, note))
	if err != nil || m.fresh {
		return outcome{}, false
	}
	one := m.checkAt(at)
	if err := one.openBook(ctx); err != nil {
		return outcome{}, false
	}
	var f finished
	if json.Unmarshal(content, &f) != nil || f != m.note(at, one.book.Edition(), f.Seconds) {
		return outcome{}, false
	}
	r, err := report.Read(filepath.Join(at.dir, report.File))
	if err != nil || r.Book != f.Book {
		return outcome{}, false
	}
	return outcome{cell: at.cell, dir: at.dir, report: r, seconds: f.Seconds, kept: true}, true
}

func (m *matrixRun) sayKept(at place, o outcome) {
	m.say("  %-44s kept: %s", at.name, o.report.Summary)
}

func (m *matrixRun) note(at place, book string, seconds float64) finished {
	return finished{Cell: at.cell, Book: book, Run: m.choice, Regressions: m.regressions, Company: at.company, Seconds: seconds}
}

func (m *matrixRun) finish(o outcome, at place) error {
	content, err := json.Marshal(m.note(at, o.report.Book, o.seconds))
	if err != nil {
		return err
	}
	return atomicwriter.WriteFile(filepath.Join(o.dir, note), content, 0o644)
}

func (m *matrixRun) say(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprintf(m.stdout, format+"\n", args...)
}

func (m *matrixRun) conclude(outcomes []outcome, elapsed time.Duration) error {
	var runs []dossier.Run
	var reports []report.Report
	var seconds []float64
	for _, o := range outcomes {
		if o.err != nil {
			continue
		}
		runs = append(runs, dossier.Run{Dir: o.dir, Report: o.report})
		reports = append(reports, o.report)
		seconds = append(seconds, o.seconds)
	}
	if len(runs) == 0 {
		return errors.New("no cell could be run; what was wrong with each is said above")
	}
	d := dossier.Of(runs...)
	screen := console.New(m.stdout, m.stderr, m.out)
	screen.Matrix(d.Table, seconds)
	m.say("\n%d cells in %.0f s", len(outcomes), elapsed.Seconds())
	screen.Note("report", views.Publish(d, m.out, screen.Note))
	return m.policy().Runs(len(outcomes)-len(runs), reports...)
}
