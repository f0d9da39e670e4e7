// Package junit writes runs as JUnit XML, which CI servers read.
package junit

import (
	"fmt"
	"io"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/internal/compare"
	"builders.test/internal/report"
	"builders.test/internal/results"
	"github.com/jstemmer/go-junit-report/v2/junit"
)

// Write writes one test suite per chapter. For a comparison it writes the
// candidate alone, whose failures say what became of them: a red baseline must
// not turn the candidate's CI red. For a matrix it writes every run, each in its
// own suites.
func Write(w io.Writer, d results.Set) error {
	suites := testsuites{Testsuites: junit.Testsuites{Name: "builders"}}
	seconds := 0.0
	for _, part := range parts(d) {
		for _, suite := range part.suites() {
			suites.add(suite)
		}
		for _, one := range part.run.Report.Claims {
			seconds += one.Seconds
		}
	}
	suites.Time = duration(seconds)
	if err := suites.write(w); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	return nil
}

// part is one run and what distinguishes it from the others.
type part struct {
	run results.Run
	// label goes before the names of suites; it may be empty.
	label string
	// changes are the changes of a comparison, by claim.
	changes map[string]compare.Change
}

func parts(d results.Set) []part {
	if len(d.Runs) == 1 || d.Comparison != nil {
		return []part{{run: d.Latest(), changes: d.Changes()}}
	}
	var all []part
	for i, run := range d.Runs {
		all = append(all, part{run: run, label: d.Table.Columns[i].Short + " / "})
	}
	return all
}

// suites groups the claims by chapter, in the report's order.
func (p part) suites() []testsuite {
	var suites []testsuite
	at := map[string]int{}
	seconds := map[string]float64{}
	for _, one := range p.run.Report.Claims {
		i, known := at[one.Chapter]
		if !known {
			i = len(suites)
			at[one.Chapter] = i
			suites = append(suites, p.suite(one.Chapter))
		}
		seconds[one.Chapter] += one.Seconds
		suites[i].Time = duration(seconds[one.Chapter])
		suites[i].add(p.testcase(one, suites[i].Name))
	}
	if said := p.run.Report.RunErrors; len(said) > 0 {
		suites = append(suites, p.runErrors(said))
	}
	return suites
}

// runErrors returns a suite for what went wrong with the run itself.
func (p part) runErrors(lines []string) testsuite {
	suite := p.suite("run")
	for i, line := range lines {
		suite.add(testcase{Testcase: junit.Testcase{
			Name: fmt.Sprintf("run/%d", i+1), Classname: suite.Name, Time: duration(0), Status: claim.Error.String(),
			Error: &junit.Result{Message: clean(line), Type: claim.Error.String(), Data: clean(line)},
		}})
	}
	return suite
}

func (p part) suite(chapter string) testsuite {
	suite := testsuite{Testsuite: junit.Testsuite{Name: clean(p.label + chapter)}}
	for _, attribute := range results.Of(p.run).About() {
		suite.AddProperty(attribute.Name, clean(attribute.Values[0]))
	}
	return suite
}

// testcase gives a claim the JUnit element for its verdict. A known fault is
// skipped, so that it does not turn CI red, and an unsteady claim passes and
// lists the tries that failed. In a comparison, either fails if it regressed.
func (p part) testcase(one report.Claim, suite string) testcase {
	standing := one.Standing()
	result := &junit.Result{Message: p.message(one), Type: one.Verdict.String(), Data: p.details(one)}
	tc := testcase{Testcase: junit.Testcase{
		Name: clean(one.ID), Classname: suite,
		Time: duration(one.Seconds), Status: standing.String(),
	}}
	if p.changes[one.ID].Class == compare.Regressed {
		standing = report.Broken
	}
	switch standing {
	case report.Holds:
	case report.NotApplicable:
		tc.Skipped = result
	case report.Known:
		result.Message = clean("broken (known): " + one.Known)
		tc.Skipped = result
	case report.Unsteady:
		tc.FlakyFailures, tc.FlakyErrors = p.flaky(one)
	case report.Broken:
		tc.Failure, tc.RerunFailures = result, p.reruns(one)
	default:
		tc.Error = result
	}
	return tc
}

// flaky returns the failed tries of an unsteady claim, and those that the
// environment failed. A report without the tries still says that the claim is
// unsteady.
func (p part) flaky(one report.Claim) (failures, errors []rerun) {
	for i, try := range one.Tries {
		switch try.Verdict {
		case claim.Holds, claim.NotApplicable:
		case claim.Broken:
			failures = append(failures, p.rerun(one, i))
		default:
			errors = append(errors, p.rerun(one, i))
		}
	}
	if len(failures) == 0 {
		failures = []rerun{{Message: p.message(one), Type: one.Verdict.String(), StackTrace: junit.Output{Data: p.details(one)}}}
	}
	return failures, errors
}

// reruns returns the further tries of a claim that failed each time.
func (p part) reruns(one report.Claim) []rerun {
	var all []rerun
	for i := range one.Tries {
		if i > 0 && one.Tries[i].Verdict == claim.Broken {
			all = append(all, p.rerun(one, i))
		}
	}
	return all
}

// rerun returns a try at a claim.
func (p part) rerun(one report.Claim, number int) rerun {
	try := one.Tries[number]
	circumstances := "alone"
	if try.Beside {
		circumstances = "alongside other builds"
	}
	lines := []string{
		clean(one.Text), clean(try.Reason),
		fmt.Sprintf("try %d of %d, %s, %.1f s", number+1, len(one.Tries), circumstances, try.Seconds),
	}
	return rerun{
		Message: clean(try.Reason), Type: try.Verdict.String(),
		StackTrace: junit.Output{Data: strings.Join(append(lines, again(one.Repro, try.Evidence)...), "\n")},
	}
}

func (p part) message(one report.Claim) string {
	switch change := p.changes[one.ID]; change.Class {
	case "", compare.Same:
		return clean(one.Why())
	default:
		return clean(change.String() + ": " + one.Why())
	}
}

// details returns what a person needs who sees only the CI server.
func (p part) details(one report.Claim) string {
	lines := []string{clean(one.Text), clean(one.Why())}
	return strings.Join(append(lines, again(one.Repro, one.Evidence)...), "\n")
}

// again says how to see it again, and where the evidence is.
func again(repro, evidence string) []string {
	var lines []string
	if repro != "" {
		lines = append(lines, "again: "+clean(repro))
	}
	if evidence != "" {
		lines = append(lines, "evidence: "+clean(evidence))
	}
	return lines
}

func duration(seconds float64) string { return fmt.Sprintf("%.3f", seconds) }

// clean makes text fit for XML, which does not allow some characters, not even
// escaped.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, s)
}
