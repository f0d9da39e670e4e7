package junit

import (
	"bytes"
	"encoding/xml"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/internal/report"
	"builders.test/internal/results"
	"builders.test/internal/text/sanitize"
	"github.com/jstemmer/go-junit-report/v2/junit"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

func run(version string, claims ...report.Claim) results.Run {
	return results.Run{Report: report.New(report.Subject{
		BuildKit: subject.BuildKit{Version: version, Digest: "sha256:d1"},
		Host:     subject.Host{Kernel: "6.1.0"},
	}, claims)}
}

var (
	ls     = report.Claim{ID: "builders/ls", Chapter: "builders", Text: "`ls` lists each builder", Seconds: 1.25}
	third  = report.Claim{ID: "caching/third", Chapter: "caching", Text: "the third builder misses", Verdict: claim.Broken, Reason: "must miss: it hit <a> & ]]> \"b\"", Seconds: 7.5, Repro: "make check RUN=caching/third", Evidence: "evidence/caching/third"}
	local  = report.Claim{ID: "caching/local", Chapter: "caching", Text: "a folder carries it", Verdict: claim.Error, Reason: "not reached: interrupted"}
	strict = report.Claim{ID: "caching/strict", Chapter: "caching", Text: "a strict registry", Verdict: claim.NotApplicable, Reason: "needs buildkit>=0.13"}
)

func written(t *testing.T, d results.Set) string {
	t.Helper()
	var out bytes.Buffer
	assert.NilError(t, Write(&out, d))
	return out.String()
}

func TestEveryVerdictHasItsElement(t *testing.T) {
	golden.Assert(t, written(t, results.Of(run("v0.11.5", ls, third, local, strict))), "check.golden")
}

func parsed(t *testing.T, content string) junit.Testsuites {
	t.Helper()
	var suites junit.Testsuites
	assert.NilError(t, xml.Unmarshal([]byte(content), &suites))
	return suites
}

func TestAComparisonIsTheCandidate(t *testing.T) {
	held, failed := third, third
	held.Verdict, held.Reason, held.Tries = claim.Holds, "", make([]report.Try, 5)
	failed.Tries = make([]report.Try, 4)
	for i := range failed.Tries {
		failed.Tries[i].Verdict = claim.Broken
	}
	suites := parsed(t, written(t, results.Compare(run("v1", held, local), run("v2", failed))))
	assert.Equal(t, suites.Tests, 1)
	assert.Equal(t, suites.Failures, 1)
	assert.Equal(t, suites.Suites[0].Testcases[0].Failure.Message, "regressed: 0 of 5 → 4 of 4: failed 4 of 4: "+third.Reason)
}

// TestARegressionMayWaver has a claim that nearly always fails now: that is not a
// flake.
func TestARegressionMayWaver(t *testing.T) {
	held, fails := third, third
	held.Verdict, held.Reason, held.Tries = claim.Holds, "", make([]report.Try, 10)
	fails.Verdict, fails.Tries = claim.Unsteady, make([]report.Try, 10)
	for i := range fails.Tries[:9] {
		fails.Tries[i].Verdict = claim.Broken
	}
	suites := parsed(t, written(t, results.Compare(run("v1", held), run("v2", fails))))
	assert.Equal(t, suites.Failures, 1)
	assert.Equal(t, suites.Suites[0].Testcases[0].Failure.Message, "regressed: 0 of 10 → 9 of 10: failed 9 of 10: "+third.Reason)
}

func TestAMatrixIsEveryRun(t *testing.T) {
	suites := parsed(t, written(t, results.Of(run("v1", ls, third), run("v2", ls))))
	var names []string
	for _, suite := range suites.Suites {
		names = append(names, suite.Name)
	}
	assert.DeepEqual(t, names, []string{"v1 / builders", "v1 / caching", "v2 / builders"})
	assert.Equal(t, suites.Tests, 3)
}

func TestWhatFailsBesideTheClaimsIsAnError(t *testing.T) {
	r := run("v1", ls)
	r.Report.RunErrors = []string{"left behind: container x"}
	suites := parsed(t, written(t, results.Of(r)))
	assert.Equal(t, suites.Errors, 1)
	assert.Equal(t, suites.Suites[1].Testcases[0].Error.Message, "left behind: container x")
}

func TestHostileTextStaysXML(t *testing.T) {
	hostile := sanitize.Line("\x00\x1b[31m]]><x>&\xff\uffff\n--")
	claim := report.Claim{ID: hostile, Chapter: hostile, Text: hostile, Verdict: claim.Broken, Reason: hostile, Repro: hostile, Evidence: hostile}
	suites := parsed(t, written(t, results.Of(run(hostile, claim))))
	assert.Equal(t, suites.Suites[0].Testcases[0].Name, "]]><x>&\ufffd --")
}
