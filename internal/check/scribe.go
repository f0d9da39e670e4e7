package check

import (
	"errors"
	"os"
	"path/filepath"

	"builders.test/internal/console"
	"builders.test/internal/makefile"
	"builders.test/internal/report"
	"builders.test/internal/run"
)

// unfinished is what a report lists under "outside" until the run has ended.
const unfinished = "the run did not finish"

// scribe writes the report of a run.
type scribe struct {
	// out is the report's folder.
	out               string
	selection, digest string
	again             makefile.Check
}

// draft writes the report as it is so far: even if this process is killed, it
// says which claims were not reached.
func (s scribe) draft(sofar []report.Claim) {
	about, err := report.ReadSubject(s.out)
	if err != nil {
		return // the environment is not open yet
	}
	// What cannot be written now is reported at the end.
	_ = s.report(about, sofar, []string{unfinished}).Draft(s.out)
}

func (s scribe) report(about report.Subject, claims []report.Claim, runErrors []string) report.Report {
	r := report.New(about, s.complete(claims))
	r.Selection, r.Book, r.RunErrors = s.selection, s.digest, runErrors
	return r
}

// conclude writes the report. If not even one claim began, there is nothing to
// report: one line says why, and no file is written. known says what each
// stand-in really is.
func (s scribe) conclude(o run.Outcome, known map[string]string, screen *console.Console) (report.Report, string, error) {
	for _, failure := range o.Failures {
		screen.Failure(failure.Test, failure.Output)
	}
	if o.Unreached == len(o.Claims) {
		return report.Report{}, "", s.refusal(o)
	}
	about, err := report.ReadSubject(s.out)
	if err != nil {
		return report.Report{}, "", err
	}
	r := s.report(about, o.Claims, o.RunErrors()).Explain(known)
	path, err := r.Write(s.out)
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

func (s scribe) refusal(o run.Outcome) error {
	why := o.Why
	if why == "" {
		why = "no claim was reached; for details see " + filepath.Join(s.out, run.Stream)
	}
	return errors.New(why)
}

// complete adds what a spec that died could not say itself.
func (s scribe) complete(all []report.Claim) []report.Claim {
	for i := range all {
		claim := &all[i]
		if claim.Repro == "" {
			again := s.again
			again.Run = claim.ID
			claim.Repro = again.Line()
		}
		evidence := report.EvidenceOf(claim.ID)
		if _, err := os.Stat(filepath.Join(s.out, evidence)); claim.Evidence == "" && err == nil {
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
