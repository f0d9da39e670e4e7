package spec

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"
)

// failures keeps what the assertions said, since a test cannot be asked for its
// own output. Assertions may come from several goroutines.
type failures struct {
	mu       sync.Mutex
	failed   bool
	messages []string
	lastLog  string
	// at is when the first of them was said.
	at time.Time
}

// fail marks the try as failed; a message says why, unless a log did.
func (f *failures) fail(messages ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.failed {
		f.at = time.Now()
	}
	f.failed = true
	f.messages = append(f.messages, messages...)
}

func (f *failures) log(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lastLog = line
}

// any reports whether something failed.
func (f *failures) any() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed
}

// first is when the first failure was; zero without one.
func (f *failures) first() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at
}

// text returns everything that was said.
func (f *failures) text() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.messages) == 0 {
		return f.lastLog
	}
	return strings.Join(f.messages, "\n")
}

// reason returns the first failure as one sentence for a stranger: first what the
// spec says about it, then what the assertion found.
func (f *failures) reason() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.messages) == 0 {
		if f.lastLog != "" {
			return f.lastLog
		}
		return "the spec failed without saying why"
	}
	return sentence(f.messages[0])
}

// testifyLabel matches the labels of the parts of a testify failure, which are
// indented paragraphs.
var testifyLabel = regexp.MustCompile(`(?m)^\s*(Error Trace|Error|Test|Messages):[ \t]*`)

func sentence(message string) string {
	labels := testifyLabel.FindAllStringSubmatchIndex(message, -1)
	if labels == nil {
		return message
	}
	parts := map[string]string{}
	for i, at := range labels {
		end := len(message)
		if i+1 < len(labels) {
			end = labels[i+1][0]
		}
		// The diff repeats what was expected and found, line by line.
		said, _, _ := strings.Cut(message[at[1]:end], "Diff:")
		parts[message[at[2]:at[3]]] = strings.TrimSpace(said)
	}
	if parts["Messages"] == "" {
		return parts["Error"]
	}
	return parts["Messages"] + ": " + parts["Error"]
}

// The methods below replace those of testing.TB, so that a failure is the try's,
// and not at once the test's. Without a proof around it, as in a test of a
// helper, a failure is the test's own.

// Errorf records the failure and marks the try as failed.
func (t *T) Errorf(format string, args ...any) {
	t.report(fmt.Sprintf(format, args...))
}

// Error records the failure and marks the try as failed.
func (t *T) Error(args ...any) {
	t.report(strings.TrimSuffix(fmt.Sprintln(args...), "\n"))
}

// Fatalf records the failure and ends the try.
func (t *T) Fatalf(format string, args ...any) {
	t.report(fmt.Sprintf(format, args...))
	t.FailNow()
}

// Fatal records the failure and ends the try.
func (t *T) Fatal(args ...any) {
	t.report(strings.TrimSuffix(fmt.Sprintln(args...), "\n"))
	t.FailNow()
}

// Fail marks the try as failed.
func (t *T) Fail() {
	t.failures.fail()
	if t.proof == nil {
		t.TB.Fail()
	}
}

// FailNow marks the try as failed and ends it; it must be called from the
// goroutine that runs the body.
func (t *T) FailNow() {
	t.Fail()
	if t.proof == nil {
		t.TB.FailNow()
	}
	runtime.Goexit()
}

// Failed reports whether the try failed.
func (t *T) Failed() bool { return t.failures.any() }

// Log remembers the text: gotest.tools reports a failure by Log, then FailNow.
func (t *T) Log(args ...any) {
	text := strings.TrimSuffix(fmt.Sprintln(args...), "\n")
	t.failures.log(text)
	t.show(text)
}

// Logf writes to the test's log.
func (t *T) Logf(format string, args ...any) { t.show(fmt.Sprintf(format, args...)) }

// show writes to the test's log as testing does.
func (t *T) show(text string) {
	if t.abandoned.Load() {
		return // the test may have ended, and must not log any more
	}
	fmt.Fprintln(t.TB.Output(), t.where()+strings.ReplaceAll(text, "\n", "\n    "))
}

// Skip ends the claim, like Skipf and SkipNow, as a mistake of the spec: what a
// claim needs belongs in its needs, so that the report can name it.
func (t *T) Skip(args ...any) { t.Mistaken("the spec skips itself: %s", fmt.Sprint(args...)) }

// Skipf is like Skip.
func (t *T) Skipf(format string, args ...any) {
	t.Mistaken("the spec skips itself: %s", fmt.Sprintf(format, args...))
}

// SkipNow is like Skip.
func (t *T) SkipNow() { t.Mistaken("the spec skips itself without saying what it needs") }

// report keeps a failure and shows it at once, so that it appears in its place in
// the log, whatever the verdict will be.
func (t *T) report(message string) {
	t.failures.fail(message)
	t.show(t.prefix() + message)
	if t.proof == nil {
		t.TB.Fail()
	}
}
