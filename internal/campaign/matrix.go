package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"builders.test/internal/check"
	"builders.test/internal/check/views"
	"builders.test/internal/console"
	"builders.test/internal/matrix"
	"builders.test/internal/plan"
	"builders.test/internal/results"
	"github.com/moby/sys/atomicwriter"
	"golang.org/x/sync/errgroup"
)

// Matrix is many runs, side by side.
type Matrix struct {
	check.Workspace
	// Request is for each cell; its folder has a subfolder for each.
	Request check.Request
	Axes    plan.Axes
	// Jobs is how many cells run at the same time.
	Jobs int
	// Fresh also runs the cells that are finished.
	Fresh bool
	// Releases lists the known releases of BuildKit; it may be nil.
	Releases func(context.Context) ([]string, error)
}

// Run runs the cells that are not finished and shows all of them.
func (m Matrix) Run(ctx context.Context) error {
	all, err := m.Axes.Cells()
	if err != nil {
		return err
	}
	if m.Jobs < 1 {
		return fmt.Errorf("--jobs %d: at least one cell must run at a time", m.Jobs)
	}
	project, err := m.Open(ctx)
	if err != nil {
		return err
	}
	started := time.Now()
	ahead := m.Prefetch(ctx, buildkitsOf(all)...)
	defer ahead.Stop()
	runs := &cells{project: project, request: m.Request, fresh: m.Fresh, ready: ahead.Start}

	outcomes := make([]outcome, len(all))
	var group errgroup.Group
	group.SetLimit(m.Jobs)
	for i, cell := range all {
		group.Go(func() error {
			if ctx.Err() == nil {
				outcomes[i] = m.cell(ctx, runs, cell)
			}
			return nil
		})
	}
	_ = group.Wait()
	if ctx.Err() != nil {
		return interrupted(started)
	}
	return m.conclude(ctx, runs, outcomes, time.Since(started))
}

// undisturbed reports whether the run ended as it should.
func undisturbed(r check.Result) bool { return r.Why == "" }

func (m Matrix) cell(ctx context.Context, runs *cells, cell plan.Cell) outcome {
	at := place{cell: cell, dir: filepath.Join(m.Request.Out, cell.Folder()), name: cell.String(), complete: undisturbed}
	if o, found := runs.kept(at); found {
		runs.sayKept(at, o)
		return o
	}
	return runs.attempt(ctx, at)
}

func (m Matrix) conclude(ctx context.Context, made *cells, outcomes []outcome, elapsed time.Duration) error {
	var runs []results.Run
	took := map[string]float64{}
	for _, o := range outcomes {
		if o.err != nil {
			continue
		}
		runs = append(runs, results.Run{Dir: o.dir, Report: o.report})
		took[o.dir] = o.seconds
	}
	if len(runs) == 0 {
		return errors.New("no cell could be run; what was wrong with each is said above")
	}
	d := results.Grid(runs...)
	d.Table = d.Table.Knowing(m.known(ctx, d))
	var seconds []float64
	for _, run := range d.Runs {
		seconds = append(seconds, took[run.Dir])
	}
	screen := console.New(m.Stdout, m.Stderr, m.Request.Out)
	screen.Matrix(d.Table, seconds)
	made.say("\n%d cells in %.0f s", len(outcomes), elapsed.Seconds())
	screen.Note("report", views.Publish(d, m.Request.Out, screen.Note))
	if err := writeEvents(d.Table, filepath.Join(m.Request.Out, Events)); err != nil {
		return err
	}
	return m.Request.Policy().Runs(len(outcomes)-len(runs), d.Reports()...)
}

// Events is the file with the versions in which claims are broken, for programs.
const Events = "ranges.json"

func writeEvents(t matrix.Table, path string) error {
	encoded, err := json.MarshalIndent(t.Events(), "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return atomicwriter.WriteFile(path, append(encoded, '\n'), 0o644)
}

// known lists the releases that there are, if some claim is broken somewhere: whether one
// lies between two columns is asked only then. If nobody can tell, none is known.
func (m Matrix) known(ctx context.Context, d results.Set) []string {
	if m.Releases == nil || len(d.Table.Events()) == 0 {
		return nil
	}
	releases, err := m.Releases(ctx)
	if err != nil {
		return nil
	}
	return releases
}
