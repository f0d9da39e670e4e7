package spec

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

// failures keeps what the assertions said, since a test cannot be asked for
// its own output.
type failures struct {
	messages []string
	lastLog  string
	// first is when the first of them was said.
	first time.Time
}

func (f *failures) add(message string) {
	if len(f.messages) == 0 {
		f.first = time.Now()
	}
	f.messages = append(f.messages, message)
}

// text is everything that was said.
func (f *failures) text() string {
	if len(f.messages) == 0 {
		return f.lastLog
	}
	return strings.Join(f.messages, "\n")
}

// reason is the first failure as one sentence for a stranger: what the spec
// says about it before what the assertion found.
func (f *failures) reason() string {
	if len(f.messages) == 0 {
		if f.lastLog != "" {
			return f.lastLog
		}
		return "the spec failed without saying why"
	}
	return sentence(f.messages[0])
}

// testify lays a failure out as indented, labelled paragraphs.
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

// The methods below shadow those of testing.T, so that what assertions say is
// kept for the verdict.

// Errorf records the failure and marks the test as failed.
func (t *T) Errorf(format string, args ...any) {
	t.T.Helper()
	t.failures.add(fmt.Sprintf(format, args...))
	t.T.Errorf(format, args...)
}

// Error records the failure and marks the test as failed.
func (t *T) Error(args ...any) {
	t.T.Helper()
	t.failures.add(fmt.Sprint(args...))
	t.T.Error(args...)
}

// Fatalf records the failure and ends the test.
func (t *T) Fatalf(format string, args ...any) {
	t.T.Helper()
	t.failures.add(fmt.Sprintf(format, args...))
	t.T.Fatalf(format, args...)
}

// Fatal records the failure and ends the test.
func (t *T) Fatal(args ...any) {
	t.T.Helper()
	t.failures.add(fmt.Sprint(args...))
	t.T.Fatal(args...)
}

// Log remembers the text: gotest.tools says what failed by Log, then FailNow.
func (t *T) Log(args ...any) {
	t.T.Helper()
	t.failures.lastLog = fmt.Sprint(args...)
	t.T.Log(args...)
}
