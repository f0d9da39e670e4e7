// Package check tests claims on one BuildKit, once: it uses the reachable engine or
// starts the lab, runs the specs, and writes a report next to the evidence. Its
// request and its result are plain data, from which campaigns are made.
package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"

	"builders.test/internal/book"
	"builders.test/internal/check/exit"
	"builders.test/internal/check/views"
	"builders.test/internal/console"
	"builders.test/internal/report"
	"builders.test/internal/results"
	"builders.test/internal/run"
	"golang.org/x/mod/modfile"
)

// Workspace is where runs are made.
type Workspace struct {
	// Module is the module of the project whose specs run, in the current folder.
	Module string
	// Specs is a folder with scripts of the user's own, whose claims are tested
	// instead of the book's; empty means none.
	Specs string
	// OpenLab reaches the lab, without building or starting anything.
	OpenLab func(progress io.Writer) (Laboratory, error)
	// Stdout and Stderr are for the person who waits; on Stderr the lab says what it
	// makes.
	Stdout, Stderr io.Writer
}

// Here returns the workspace of the project that this program belongs to, with the
// lab on this machine.
func Here() Workspace {
	module := strings.TrimSuffix(reflect.TypeFor[Workspace]().PkgPath(), "/internal/check")
	return Workspace{Module: module, OpenLab: theLab}
}

// Project is a workspace whose claims are known. Its Specs are an absolute folder.
type Project struct {
	Workspace
	// Book is everything that can be chosen from.
	Book book.Book
}

// Open compiles the specs and asks them for their claims. It refuses requests that are
// known to be wrong before anything is run.
func (w Workspace) Open(ctx context.Context, requests ...Request) (Project, error) {
	asked := make([]parsed, len(requests))
	for i, r := range requests {
		var err error
		if asked[i], err = r.parse(); err != nil {
			return Project{}, err
		}
	}
	if err := w.inProject(); err != nil {
		return Project{}, err
	}
	if w.Specs != "" {
		dir, err := filepath.Abs(w.Specs)
		if err != nil {
			return Project{}, fmt.Errorf("SPECS=%s: %w", w.Specs, err)
		}
		w.Specs = dir
	}
	all, err := book.Open(ctx, ".", w.Specs, w.Stderr)
	if err != nil {
		return Project{}, err
	}
	for _, one := range asked {
		if _, err := one.Choice.from(all, one.cell); err != nil {
			return Project{}, err
		}
	}
	return Project{Workspace: w, Book: all}, nil
}

// inProject refuses to run anywhere but in the project's folder.
func (w Workspace) inProject() error {
	content, err := os.ReadFile("go.mod")
	if err == nil && modfile.ModulePath(content) == w.Module {
		return nil
	}
	here, err := os.Getwd()
	if err != nil {
		here = "this folder"
	}
	return fmt.Errorf("the specs are in the folder of the module %s, and %s is not in it; go there first", w.Module, here)
}

// Unchanged returns an error if the claims have changed since the project was
// opened: runs before and after that cannot be compared.
func (p Project) Unchanged(ctx context.Context) error {
	now, err := book.Open(ctx, ".", p.Specs, p.Stderr)
	if err != nil {
		return err
	}
	if now.Digest() != p.Book.Digest() {
		return errors.New("the claims changed while they were tested, so the two sides cannot be compared; run it again")
	}
	return nil
}

// Watch is who follows a run.
type Watch struct {
	// Screen shows what becomes of the claims.
	Screen *console.Console
	// Ready is called when the lab is up; it may be nil.
	Ready func()
}

// Result is what came of a run.
type Result struct {
	Report report.Report
	// Path is the report's file.
	Path string
	// Why says in one line what kept the run from ending as it should; empty if
	// nothing did.
	Why string
	// Unreached counts the claims whose proof never began.
	Unreached int
	// Elapsed is how long the specs took.
	Elapsed time.Duration
}

// Run tests the claims that were asked for and writes the report. What can be
// refused without an engine is refused first. Verdicts are not errors.
func (p Project) Run(ctx context.Context, r Request, w Watch) (Result, error) {
	asked, err := r.parse()
	if err != nil {
		return Result{}, err
	}
	chosen, err := r.Choice.from(p.Book, asked.cell)
	if err != nil {
		return Result{}, err
	}
	out, err := take(r.Out, p.Book.IDs())
	if err != nil {
		return Result{}, err
	}
	defer out.free()
	bed, err := p.findTestbed(ctx, asked, w)
	if err != nil {
		out.forget()
		return Result{}, err
	}
	w.Screen.Note("engine", bed.about)

	writer := scribe{out: r.Out, selection: r.Choice.String(), digest: p.Book.Digest(), again: r.again(p.Specs)}
	started := time.Now()
	specs := run.Specs{
		Dir: ".", Out: out.path, Env: bed.environ(r.variables(p.Specs, out.path)), Book: chosen,
		Confirm: asked.confirm, Parallel: r.Parallel, Keep: writer.draft,
	}
	outcome, err := specs.Run(ctx, w.Screen)
	if err != nil {
		return Result{}, err
	}
	result := Result{Why: outcome.Why, Unreached: outcome.Unreached, Elapsed: time.Since(started)}
	result.Report, result.Path, err = writer.conclude(outcome, bed.standIns, w.Screen)
	return result, err
}

// Check is a single run, for the person who waits.
type Check struct {
	Workspace
	Request Request
}

// Run writes the views of the report next to it, and ends as the verdicts require.
func (c Check) Run(ctx context.Context) error {
	p, err := c.Open(ctx, c.Request)
	if err != nil {
		return err
	}
	out := c.Request.Out
	screen := console.New(c.Stdout, c.Stderr, out)
	result, err := p.Run(ctx, c.Request, Watch{Screen: screen})
	if err != nil {
		return err
	}
	page := views.Publish(results.Of(results.Run{Dir: out, Report: result.Report}), out, screen.Note)
	screen.Summary(result.Report, result.Elapsed, result.Path, page)
	return exit.Told(result.Why, c.Request.Policy().Runs(0, result.Report))
}
