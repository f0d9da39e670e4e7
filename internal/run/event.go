package run

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"time"

	"builders.test/internal/text/sanitize"
)

// event is one line of `go test -json`: something that happened to the test named
// Test, or to the whole package if Test is empty.
type event struct {
	Time   time.Time
	Action string
	Test   string
	// Elapsed is in seconds.
	Elapsed float64
	Output  string
	// Key and Value are those of an attribute.
	Key, Value string
}

// The actions that mean something here.
const (
	actionRun       = "run"
	actionContinue  = "cont"
	actionPass      = "pass"
	actionFail      = "fail"
	actionSkip      = "skip"
	actionOutput    = "output"
	actionAttribute = "attr"
)

// parseEvent reads one line; false means that the line is not an event but was
// printed outside the stream.
func parseEvent(line []byte) (event, bool) {
	line = bytes.TrimSpace(line)
	if !bytes.HasPrefix(line, []byte("{")) {
		return event{}, false
	}
	var e event
	if err := json.Unmarshal(line, &e); err != nil || e.Action == "" {
		return event{}, false
	}
	e.Test = sanitize.Line(e.Test)
	return e, true
}

var concluded = regexp.MustCompile(`^--- (PASS|FAIL|SKIP): (\S+) \((\d+\.\d+)s\)\n?$`)

// conclusion reads the line with which a test says how it ended. It comes at
// once, whereas the corresponding event is held back until the test binary says
// something else.
func (e event) conclusion() (action string, seconds float64, ok bool) {
	match := concluded.FindStringSubmatch(e.Output)
	if match == nil || match[2] != e.Test {
		return "", 0, false
	}
	seconds, err := strconv.ParseFloat(match[3], 64)
	if err != nil {
		return "", 0, false
	}
	return map[string]string{"PASS": actionPass, "FAIL": actionFail, "SKIP": actionSkip}[match[1]], seconds, true
}

// lines is a writer that passes on whole lines, without their line breaks.
type lines struct {
	each    func(line []byte)
	pending []byte
}

// Write never fails.
func (l *lines) Write(p []byte) (int, error) {
	l.pending = append(l.pending, p...)
	for {
		line, rest, found := bytes.Cut(l.pending, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.each(line)
		l.pending = rest
	}
}

// close passes on what came after the last line break.
func (l *lines) close() {
	if len(l.pending) > 0 {
		l.each(l.pending)
	}
	l.pending = nil
}
