package run

import (
	"fmt"
	"slices"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
)

// Outcome is the result of a run.
type Outcome struct {
	// Claims has every selected claim, in the order of the book, followed by those
	// that the book did not announce. Each has a verdict.
	Claims []report.Claim
	// Unreached counts those among them whose proof never began.
	Unreached int
	// Why says, in one line, what kept the run from ending as it should; empty if
	// nothing did.
	Why string
	// Said is what the environment reported to people, line by line.
	Said []string
	// Failures are tests that failed outside of all claims.
	Failures []Failure
}

// Failure is a test that failed although it proves no claim.
type Failure struct {
	Test   string
	Output []string
}

// RunErrors lists what went wrong with the run itself; empty if nothing did.
func (o Outcome) RunErrors() []string {
	lines := []string{}
	if o.Why != "" {
		lines = append(lines, o.Why)
	}
	for _, failure := range o.Failures {
		line := failure.Test + " failed outside of its claims"
		if len(failure.Output) > 0 {
			line += ": " + failure.Output[0]
		}
		lines = append(lines, line)
	}
	return lines
}

// close settles every open account and sums up. exit describes how the test
// command ended, and is empty if it succeeded.
func (l *ledger) close(exit string) Outcome {
	o := Outcome{Why: l.why(exit), Said: slices.Concat(l.said, l.notes), Failures: l.failures()}
	for _, e := range l.entries {
		if !e.finished && !e.started {
			o.Unreached++
		}
		if !e.finished {
			l.settle(e, o.Why)
		}
		o.Claims = append(o.Claims, e.Claim)
	}
	return o
}

// account returns every claim as it would stand if the run were cut off now.
func (l *ledger) account() []report.Claim {
	var claims []report.Claim
	for _, e := range l.entries {
		now := *e
		if !e.finished {
			now.leave(cutOff)
		}
		claims = append(claims, now.Claim)
	}
	return claims
}

// why says what went wrong with the run as a whole, the nearest cause first.
func (l *ledger) why(exit string) string {
	switch {
	case l.interrupted():
		return interruption
	case l.cause != "":
		return "the test process ended early: " + l.cause
	case strings.HasPrefix(exit, "signal: "):
		return "the test process ended early: " + exit
	case exit == "", l.explained():
		return ""
	case len(l.said) > 0:
		return l.said[len(l.said)-1]
	}
	return "the specs ended with " + exit
}

// explained reports whether some test accounts for the command's failure.
func (l *ledger) explained() bool {
	for _, e := range l.entries {
		if e.finished && e.Verdict > claim.NotApplicable {
			return true
		}
	}
	return len(l.failures()) > 0
}

// failures leaves out a test that only failed because a claim in it did.
func (l *ledger) failures() []Failure {
	var failures []Failure
	for _, name := range l.order {
		if o := l.others[name]; o.failed && !l.failedBelow(name) {
			failures = append(failures, Failure{Test: name, Output: o.output})
		}
	}
	return failures
}

func (l *ledger) failedBelow(test string) bool {
	for _, e := range l.entries {
		if strings.HasPrefix(e.Test, test+"/") && e.finished && e.Verdict > claim.NotApplicable {
			return true
		}
	}
	for name, o := range l.others {
		if o.failed && strings.HasPrefix(name, test+"/") {
			return true
		}
	}
	return false
}

// settle gives an open claim its verdict: whatever happened, nothing is known
// about BuildKit.
func (l *ledger) settle(e *entry, why string) {
	if why == "" {
		why = l.whyUnreached(e.Test)
	}
	e.finished = true
	e.leave(why)
	if !e.started {
		return
	}
	if !e.began.IsZero() && l.lastEvent.After(e.began) {
		e.Seconds = l.lastEvent.Sub(e.began).Seconds()
	}
	l.listener.Finished(e.Claim)
}

// leave says why a claim without a verdict has none.
func (e *entry) leave(why string) {
	e.Verdict, e.Reason = claim.Error, "no verdict: "+why
	if !e.started {
		e.Reason = "not reached: " + why
	}
}

func (l *ledger) whyUnreached(test string) string {
	parent, _, _ := strings.Cut(test, "/")
	o := l.others[parent]
	switch {
	case o == nil:
		return fmt.Sprintf("%s did not run", parent)
	case o.failed && len(o.output) > 0:
		return fmt.Sprintf("%s failed: %s", parent, o.output[0])
	case o.failed:
		return parent + " failed"
	}
	return parent + " ended without it"
}
