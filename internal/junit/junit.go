// Package junit writes runs as JUnit XML, which CI servers read.
package junit

import (
	"fmt"
	"io"
	"strings"

	"builders.test/helpers/spec"
	"builders.test/internal/compare"
	"builders.test/internal/dossier"
	"builders.test/internal/report"
	"builders.test/internal/text"
	"github.com/jstemmer/go-junit-report/v2/junit"
)

// Write writes one test suite per chapter. Of a comparison it writes the
// candidate alone, whose failures say what became of them: a baseline that is
// red must not turn the candidate's CI red. Of a matrix it writes every run,
// each in suites of its own.
func Write(w io.Writer, d dossier.Dossier) error {
	suites := junit.Testsuites{Name: "builders"}
	seconds := 0.0
	for _, part := range parts(d) {
		for _, suite := range part.suites() {
			suite.ID = len(suites.Suites)
			suites.AddSuite(suite)
		}
		for _, claim := range part.run.Report.Claims {
			seconds += claim.Seconds
		}
	}
	suites.Time = duration(seconds)
	if err := suites.WriteXML(w); err != nil {
		return fmt.Errorf("write JUnit XML: %w", err)
	}
	return nil
}

// part is one run and how it is told from the others.
type part struct {
	run dossier.Run
	// label goes before the names of suites; it may be empty.
	label string
	// changes are the classes of a comparison, by claim.
	changes map[string]compare.Class
}

func parts(d dossier.Dossier) []part {
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
func (p part) suites() []junit.Testsuite {
	var suites []junit.Testsuite
	at := map[string]int{}
	seconds := map[string]float64{}
	for _, claim := range p.run.Report.Claims {
		i, known := at[claim.Chapter]
		if !known {
			i = len(suites)
			at[claim.Chapter] = i
			suites = append(suites, p.suite(claim.Chapter))
		}
		seconds[claim.Chapter] += claim.Seconds
		suites[i].Time = duration(seconds[claim.Chapter])
		suites[i].AddTestcase(p.testcase(claim, suites[i].Name))
	}
	if outside := p.run.Report.Outside; len(outside) > 0 {
		suites = append(suites, p.beside(outside))
	}
	return suites
}

// beside is a suite for what went wrong beside the claims.
func (p part) beside(lines []string) junit.Testsuite {
	suite := p.suite("beside the claims")
	for i, line := range lines {
		suite.AddTestcase(junit.Testcase{
			Name: fmt.Sprintf("run/%d", i+1), Classname: suite.Name, Time: duration(0), Status: spec.Error.String(),
			Error: &junit.Result{Message: clean(line), Type: spec.Error.String(), Data: clean(line)},
		})
	}
	return suite
}

func (p part) suite(chapter string) junit.Testsuite {
	suite := junit.Testsuite{Name: clean(p.label + chapter)}
	for _, attribute := range dossier.Of(p.run).About() {
		suite.AddProperty(attribute.Name, clean(attribute.Values[0]))
	}
	return suite
}

func (p part) testcase(claim report.Claim, suite string) junit.Testcase {
	result := &junit.Result{Message: p.message(claim), Type: claim.Verdict.String(), Data: p.details(claim)}
	tc := junit.Testcase{
		Name: clean(claim.ID), Classname: suite,
		Time: duration(claim.Seconds), Status: claim.Verdict.String(),
	}
	switch claim.Verdict {
	case spec.Holds:
	case spec.NotApplicable:
		tc.Skipped = result
	case spec.Broken:
		tc.Failure = result
	default:
		tc.Error = result
	}
	return tc
}

func (p part) message(claim report.Claim) string {
	switch class := p.changes[claim.ID]; class {
	case "", compare.Same:
		return clean(claim.Reason)
	default:
		return clean(string(class) + ": " + claim.Reason)
	}
}

// details is what a person needs who sees nothing but the CI server.
func (p part) details(claim report.Claim) string {
	lines := []string{clean(claim.Text), clean(claim.Reason)}
	if claim.Repro != "" {
		lines = append(lines, "again: "+clean(claim.Repro))
	}
	if claim.Evidence != "" {
		lines = append(lines, "evidence: "+clean(claim.Evidence))
	}
	return strings.Join(lines, "\n")
}

func duration(seconds float64) string { return fmt.Sprintf("%.3f", seconds) }

// clean makes text fit for XML, which has no place for some characters, not
// even when they are escaped.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 0xFFFE || r == 0xFFFF {
			return -1
		}
		return r
	}, text.Line(s))
}
