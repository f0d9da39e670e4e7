package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"builders.test/helpers/env"
	"builders.test/internal/console"
	"builders.test/internal/exit"
	"builders.test/internal/report"
	"builders.test/internal/repro"
	"builders.test/internal/run"
	"github.com/gofrs/flock"
)

// outLock is the file in a report's folder that a run holds while it writes there.
const outLock = ".in-use"

// prepareOut makes the folder for the report, takes it for this run alone, and
// takes away the last report. free lets others have it.
func (c *check) prepareOut() (out string, free func(), err error) {
	if out, err = filepath.Abs(c.out); err != nil {
		return "", nil, fmt.Errorf("OUT=%s: %w", c.out, err)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return "", nil, fmt.Errorf("OUT=%s cannot be created: %w; name a writable folder", c.out, err)
	}
	lock := flock.New(filepath.Join(out, outLock))
	locked, err := lock.TryLock()
	if err != nil {
		return "", nil, fmt.Errorf("OUT=%s cannot be written: %w; name a writable folder", c.out, err)
	}
	if !locked {
		return "", nil, fmt.Errorf("OUT=%s is in use by another run; wait for it or name another folder", c.out)
	}
	// The file stays: whoever waits for it must not wait for another one.
	free = func() { _ = lock.Unlock() }
	if err := report.Clear(out, c.book.IDs()); err != nil {
		free()
		return "", nil, err
	}
	return out, free, nil
}

// unfinished is what a report says beside its claims until the run has come to
// its end.
const unfinished = "the run did not come to its end"

// draft keeps the report as it is so far: should even this process be killed,
// it says which claims were not reached.
func (c *check) draft(sofar []report.Claim) {
	about, err := report.ReadSubject(c.out)
	if err != nil {
		return // the environment is not open yet
	}
	r := report.New(about, c.complete(sofar))
	r.Selection = c.selected()
	r.Book, r.Outside = c.book.Edition(), []string{unfinished}
	// What cannot be written now is complained of at the end.
	_, _ = r.Write(c.out)
}

// conclude writes the report. Where not even one claim began there is nothing
// to report: one line says why, and no file is written. known says what each
// stand-in really is.
func (c *check) conclude(o run.Outcome, known map[string]string, screen *console.Console) (report.Report, string, error) {
	for _, failure := range o.Failures {
		screen.Failure(failure.Test, failure.Output)
	}
	if o.Unreached == len(o.Claims) {
		return report.Report{}, "", c.refusal(o)
	}
	about, err := report.ReadSubject(c.out)
	if err != nil {
		return report.Report{}, "", err
	}
	r := report.New(about, c.complete(o.Claims)).Explain(known)
	r.Selection = c.selected()
	r.Book, r.Outside = c.book.Edition(), o.Outside()
	path, err := r.Write(c.out)
	if err != nil {
		return report.Report{}, "", err
	}
	for _, line := range o.Said {
		if line != o.Why {
			screen.Note("note", line)
		}
	}
	screen.Unreached(o.Unreached, reasonUnreached(o))
	return r, path, nil
}

// selected is what was chosen out of the book, as people write it.
func (c *check) selected() string {
	if len(c.ids) > 0 {
		return strings.Join(c.ids, " ")
	}
	return c.choice
}

func (c *check) refusal(o run.Outcome) error {
	why := o.Why
	if why == "" {
		why = "no claim was reached; the whole story is in " + filepath.Join(c.out, run.Stream)
	}
	return errors.New(why)
}

// complete adds what a spec that died could not say itself.
func (c *check) complete(all []report.Claim) []report.Claim {
	for i := range all {
		claim := &all[i]
		if claim.Repro == "" {
			claim.Repro = repro.Check{
				BuildKit: c.buildkit, Run: claim.ID, Buildx: c.buildx, Specs: c.specs, Driver: c.cell.Driver, Store: c.cell.Store,
			}.Line()
		}
		evidence := report.EvidenceOf(claim.ID)
		if _, err := os.Stat(filepath.Join(c.out, evidence)); claim.Evidence == "" && err == nil {
			claim.Evidence = evidence
		}
	}
	return all
}

func reasonUnreached(o run.Outcome) string {
	if o.Why != "" {
		return o.Why
	}
	return "their chapter failed first"
}

func (c *check) policy() exit.Policy {
	if strict, err := env.Strict(c.strict); err == nil && strict {
		return exit.Strictly
	}
	return exit.NewsOnly
}
