// Package campaign makes many runs of the claims and combines their results: two
// releases compared, a matrix, a soak, a bisection, past regressions, and toolchains
// with deliberate faults. Each has a folder with one folder per run, and can resume or
// start over.
package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"builders.test/internal/check"
	"builders.test/internal/console"
	"builders.test/internal/plan"
	"builders.test/internal/report"
	"github.com/moby/sys/atomicwriter"
)

// againFolder is the folder for the tries of one round, below the folder of their side.
const againFolder = "again-%02d"

// unseen follows a run and shows only its result and what goes wrong outside the
// claims.
func unseen(stderr io.Writer, r check.Request) check.Watch {
	return check.Watch{Screen: console.New(io.Discard, stderr, r.Out)}
}

// cells makes the runs of a matrix or a soak, and keeps those that an earlier one
// finished.
type cells struct {
	project check.Project
	// request is for each run, except for the cell and the folder.
	request check.Request
	// fresh repeats existing runs.
	fresh bool
	// ready is called when the lab is up.
	ready func()

	mu sync.Mutex // for the standard output
}

// place is where a cell is run, and what messages call it.
type place struct {
	cell plan.Cell
	dir  string
	name string
	// company says that another run of the same BuildKit runs alongside it.
	company bool
	// complete reports whether a run need not be repeated.
	complete func(check.Result) bool
}

// outcome is the result of one place.
type outcome struct {
	dir     string
	report  report.Report
	seconds float64
	err     error
}

// note is the file that marks a cell as finished.
const note = "cell.json"

// finished is what is recorded about a cell.
type finished struct {
	Cell plan.Cell `json:"cell"`
	// Book changes with the claims, and Proofs with the code that proves them.
	Book        string `json:"book"`
	Proofs      string `json:"proofs"`
	Run         string `json:"run"`
	Uses        string `json:"uses,omitempty"`
	Regressions bool   `json:"regressions,omitempty"`
	// Company reports whether another run of the same BuildKit ran alongside it.
	Company bool    `json:"company,omitempty"`
	Seconds float64 `json:"seconds"`
}

// at returns the request for a place.
func (c *cells) at(p place) check.Request {
	one := c.request
	one.Cell, one.Out = p.cell, p.dir
	return one
}

// attempt runs the cell, and notes if it finished.
func (c *cells) attempt(ctx context.Context, p place) outcome {
	o := outcome{dir: p.dir}
	c.say("  %-44s …", p.name)
	one := c.at(p)
	watch := unseen(io.Discard, one)
	watch.Ready = c.ready
	result, err := c.project.Run(ctx, one, watch)
	// Without the time in which the release was made, for which another cell may have waited.
	o.report, o.err, o.seconds = result.Report, err, result.Elapsed.Seconds()
	if err != nil {
		c.say("  %-44s not run: %v", p.name, err)
		return o
	}
	c.say("  %-44s %s · %.0f s", p.name, result.Report.Summary, o.seconds)
	if p.complete(result) && ctx.Err() == nil {
		o.err = c.finish(o, p)
	}
	return o
}

// kept returns the outcome of an earlier run of the cell, if it finished.
func (c *cells) kept(p place) (outcome, bool) {
	content, err := os.ReadFile(filepath.Join(p.dir, note))
	if err != nil || c.fresh {
		return outcome{}, false
	}
	var f finished
	if json.Unmarshal(content, &f) != nil || f != c.note(p, c.project.Book.Digest(), f.Seconds) {
		return outcome{}, false
	}
	r, err := report.Read(filepath.Join(p.dir, report.File))
	if err != nil || r.Book != f.Book {
		return outcome{}, false
	}
	return outcome{dir: p.dir, report: r, seconds: f.Seconds}, true
}

func (c *cells) sayKept(p place, o outcome) {
	c.say("  %-44s kept: %s", p.name, o.report.Summary)
}

func (c *cells) note(p place, book string, seconds float64) finished {
	choice := c.request.Choice
	return finished{Cell: p.cell, Book: book, Proofs: c.project.Book.Proofs(), Run: choice.Run, Uses: choice.Uses, Regressions: choice.Regressions, Company: p.company, Seconds: seconds}
}

func (c *cells) finish(o outcome, p place) error {
	content, err := json.Marshal(c.note(p, o.report.Book, o.seconds))
	if err != nil {
		return err
	}
	return atomicwriter.WriteFile(filepath.Join(o.dir, note), content, 0o644)
}

func (c *cells) say(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.project.Stdout, format+"\n", args...)
}

// interrupted returns the error of a campaign of cells that was interrupted.
func interrupted(started time.Time) error {
	return fmt.Errorf("interrupted after %.0f s; the same command resumes from here", time.Since(started).Seconds())
}

func buildkitsOf(all []plan.Cell) []string {
	var named []string
	for _, cell := range all {
		if cell.BuildKit != "" {
			named = append(named, cell.BuildKit)
		}
	}
	return named
}
