package junit

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/jstemmer/go-junit-report/v2/junit"
)

// The types below are those of the junit package, plus the elements that Maven
// Surefire writes for tests that were run again. CI servers read them: a testcase
// with flakyFailure passed in the end and is shown as flaky; one with failure and
// rerunFailure failed each time.

type testsuites struct {
	junit.Testsuites
	Suites []testsuite `xml:"testsuite,omitempty"`
}

type testsuite struct {
	junit.Testsuite
	Testcases []testcase `xml:"testcase,omitempty"`
}

type testcase struct {
	junit.Testcase
	RerunFailures []rerun `xml:"rerunFailure,omitempty"`
	FlakyFailures []rerun `xml:"flakyFailure,omitempty"`
	FlakyErrors   []rerun `xml:"flakyError,omitempty"`
}

// rerun is one of several tries of a test that did not pass.
type rerun struct {
	Message    string       `xml:"message,attr"`
	Type       string       `xml:"type,attr"`
	StackTrace junit.Output `xml:"stackTrace"`
}

// add adds a suite, with its counts.
func (t *testsuites) add(suite testsuite) {
	suite.ID = len(t.Suites)
	t.Suites = append(t.Suites, suite)
	t.AddSuite(suite.Testsuite)
}

// add adds a testcase, with its counts.
func (t *testsuite) add(tc testcase) {
	t.Testcases = append(t.Testcases, tc)
	t.AddTestcase(tc.Testcase)
}

func (t *testsuites) write(w io.Writer) error {
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "\t")
	if err := encoder.Encode(t); err != nil {
		return err
	}
	if err := encoder.Close(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w)
	return err
}
