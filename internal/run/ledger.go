package run

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"builders.test/internal/text/sanitize"
)

// Listener gets what happens as it happens. Calls never overlap.
type Listener interface {
	// Started is called when the proof of a claim begins.
	Started(report.Claim)
	// Finished is called with a claim's verdict.
	Finished(report.Claim)
	// Line passes on a line that did not come from the tests, such as an
	// error of the compiler. It is safe to print.
	Line(line string)
}

// ledger follows the stream of events and keeps an account of every claim.
type ledger struct {
	listener Listener
	// interrupted reports whether the run was asked to end early: what fails
	// afterwards says nothing about BuildKit.
	interrupted func() bool

	entries []*entry
	byTest  map[string]*entry
	others  map[string]*other
	order   []string // names of others, as they came

	// cause is the line with which the test process said that it dies.
	cause string
	// said is what the environment reported to people; notes is what it reported in
	// passing.
	said, notes []string
	lastEvent   time.Time
	// changed reports whether a claim began or ended since the account was last kept.
	changed bool
}

// entry is the account of one claim.
type entry struct {
	report.Claim
	began   time.Time
	started bool
	judged  bool
	// took is how long the proof took by its own account, without the wait for a
	// place; negative if it did not say.
	took     float64
	finished bool
}

// other is a test that proves no claim: a chapter around its claims, or one that
// has nothing to do with the book.
type other struct {
	failed bool
	output []string
}

func newLedger(book []claim.Listed, listener Listener, interrupted func() bool) *ledger {
	l := &ledger{
		listener: listener, interrupted: interrupted,
		byTest: map[string]*entry{}, others: map[string]*other{},
	}
	for _, c := range book {
		l.enter(report.Claim{ID: c.ID, Chapter: c.Chapter(), Text: c.Text, Source: c.Source, History: c.History, Test: c.Test})
	}
	return l
}

func (l *ledger) enter(c report.Claim) *entry {
	e := &entry{Claim: c, took: -1}
	l.entries = append(l.entries, e)
	l.byTest[c.Test] = e
	return e
}

// line handles one line of the test stream.
func (l *ledger) line(line []byte) {
	e, ok := parseEvent(line)
	if !ok {
		l.outside(string(line))
		return
	}
	if !e.Time.IsZero() {
		l.lastEvent = e.Time
	}
	switch e.Action {
	case actionAttribute:
		l.attribute(e)
	case actionOutput:
		l.output(e)
	case actionPass, actionFail, actionSkip:
		l.ended(e)
	}
}

// outside passes a line on.
func (l *ledger) outside(line string) {
	if line := sanitize.Line(line); line != "" {
		l.listener.Line(line)
	}
}

func (l *ledger) attribute(e event) {
	entry := l.byTest[e.Test]
	if entry == nil {
		if e.Key != "claim" || e.Test == "" {
			return
		}
		entry = l.enter(stranger(e))
	}
	if entry.finished {
		return
	}
	if !entry.started {
		entry.started, entry.began, l.changed = true, e.Time, true
		l.listener.Started(entry.Claim)
	}
	entry.note(e.Key, e.Value)
}

// stranger returns a claim that the book did not announce; its id is its text.
func stranger(e event) report.Claim {
	id := sanitize.Line(e.Value)
	return report.Claim{ID: id, Chapter: claim.Claim{ID: id}.Chapter(), Text: id, Test: e.Test}
}

// note adds one attribute to the account.
func (e *entry) note(key, value string) {
	defer sanitize.Strings(&e.Claim)
	switch key {
	case "fact":
		e.Facts = append(e.Facts, claim.ParseFact(value))
	case "verdict":
		verdict, err := claim.ParseVerdict(value)
		e.judged = true
		e.Verdict = e.Verdict.Escalate(verdict)
		if err != nil {
			e.Reason = err.Error()
		}
	case "reason":
		e.Reason = value
	case "seconds":
		if seconds, err := strconv.ParseFloat(value, 64); err == nil {
			e.took = seconds
		}
	case "driver":
		e.Driver = value
	case "store":
		e.Store = value
	case "buildkit":
		e.BuildKit = value
	case "known":
		e.Known = value
	case "fixed-here":
		e.FixedHere = value
	case "tries":
		if json.Unmarshal([]byte(value), &e.Tries) != nil {
			e.Tries = nil
		}
	case "evidence":
		e.Evidence = value
	case "repro":
		e.Repro = value
	case "stand-ins":
		e.StandIns = strings.Split(value, ",")
	}
}

var (
	// crash begins the line with which a process says that it dies.
	crash = regexp.MustCompile(`^(panic: |fatal error: |signal: |SIG[A-Z]+: |\*\*\* Test killed)`)
	// own begins the lines that the specs' environment prints for people, remark
	// those that are not a reason for anything.
	own    = regexp.MustCompile(`^builders: `)
	remark = regexp.MustCompile(`^builders: note: `)
)

// keptLines bounds how much of a test's output is kept for showing.
const keptLines = 40

func (l *ledger) output(e event) {
	line := sanitize.Line(e.Output)
	if l.cause == "" && crash.MatchString(e.Output) {
		l.cause = line
	}
	switch {
	case remark.MatchString(e.Output):
		l.notes = append(l.notes, remark.ReplaceAllString(line, ""))
	case own.MatchString(e.Output):
		l.said = append(l.said, own.ReplaceAllString(line, ""))
	}
	if e.Test == "" {
		return
	}
	if entry := l.claimAround(e.Test); entry != nil {
		action, seconds, ok := e.conclusion()
		if ok && entry.judged {
			l.finish(entry, action, seconds)
		}
		return
	}
	other := l.other(e.Test)
	if strings.HasPrefix(e.Output, "    ") && len(other.output) < keptLines {
		other.output = append(other.output, line)
	}
}

// ended handles the end of a test. The end of the whole package says nothing that
// the command's exit code does not.
func (l *ledger) ended(e event) {
	if entry := l.byTest[e.Test]; entry != nil {
		l.finish(entry, e.Action, e.Elapsed)
		return
	}
	if e.Test != "" && l.claimAround(e.Test) == nil && e.Action == actionFail {
		l.other(e.Test).failed = true
	}
}

// claimAround returns the claim that a test or one of its parents proves.
func (l *ledger) claimAround(test string) *entry {
	for test != "" {
		if entry := l.byTest[test]; entry != nil {
			return entry
		}
		cut := strings.LastIndexByte(test, '/')
		test = test[:max(cut, 0)]
	}
	return nil
}

func (l *ledger) other(test string) *other {
	if l.others[test] == nil {
		l.others[test] = &other{}
		l.order = append(l.order, test)
	}
	return l.others[test]
}

// finish closes an account. What a test did and what it said must agree; if they
// don't, the claim is an error, never green.
func (l *ledger) finish(e *entry, action string, seconds float64) {
	if e.finished {
		return
	}
	e.finished, l.changed = true, true
	e.Seconds = seconds
	if e.took >= 0 {
		e.Seconds = e.took
	}
	switch {
	case !e.judged:
		e.fault("the spec ended without a verdict")
	case action == actionFail && e.Verdict < claim.Unsteady:
		e.fault(fmt.Sprintf("the spec failed although its verdict is %s", e.Verdict))
	case action == actionSkip && e.Verdict == claim.Holds:
		e.fault("the spec was skipped without a reason")
	}
	if e.Verdict > claim.NotApplicable && l.interrupted() {
		e.Verdict, e.Reason, e.Known = claim.Error, interruption, ""
	}
	l.listener.Finished(e.Claim)
}

// interruption is the reason of everything that an interrupted run left open.
const interruption = "the run was interrupted"

func (e *entry) fault(reason string) {
	e.Verdict = e.Verdict.Escalate(claim.Error)
	e.Reason = reason
}
