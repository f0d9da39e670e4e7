package run

import (
	"bytes"
	"time"
)

// Span is a stretch of time.
type Span struct{ From, To time.Time }

// Length is how long it is.
func (s Span) Length() time.Duration { return s.To.Sub(s.From) }

// first is the attribute that marks a claim's turn.
const first = "claim"

// Spans reads from a test stream how long the test process took and when each test ran:
// from its turn, not from when it was announced or began to wait for a place, to its
// end. Tests that did not end are left out.
func Spans(stream []byte) (process Span, tests map[string]Span) {
	tests = map[string]Span{}
	began := map[string]time.Time{}
	for line := range bytes.Lines(stream) {
		e, ok := parseEvent(line)
		if !ok || e.Time.IsZero() {
			continue
		}
		if process.From.IsZero() {
			process.From = e.Time
		}
		process.To = e.Time
		if e.Action == actionRun || e.Action == actionContinue || e.Action == actionAttribute && e.Key == first {
			began[e.Test] = e.Time
		}
		if _, _, ended := e.conclusion(); ended {
			tests[e.Test] = Span{From: began[e.Test], To: e.Time}
		}
	}
	return process, tests
}
