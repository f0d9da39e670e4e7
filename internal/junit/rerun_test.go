package junit

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"builders.test/internal/results"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/golden"
)

// tried returns a claim with a verdict after tries, each with its own.
func tried(name string, verdict claim.Verdict, tries ...claim.Verdict) report.Claim {
	one := third
	one.ID, one.Verdict = "caching/"+name, verdict
	for i, v := range tries {
		try := report.Try{Verdict: v, Seconds: 1.5, Beside: i == 0, Evidence: "evidence/" + one.ID}
		if v != claim.Holds {
			try.Reason = third.Reason
		}
		one.Tries = append(one.Tries, try)
	}
	return one
}

const (
	holds  = claim.Holds
	broken = claim.Broken
)

func known(one report.Claim) report.Claim {
	one.Known = "x/y#1, buildkit fixed in v0.12.0"
	return one
}

func several() results.Set {
	return results.Of(run("v0.11.5",
		tried("unsteady", claim.Unsteady, broken, holds, claim.Error, broken),
		tried("broken", broken, broken, broken, broken),
		known(tried("known", broken)),
	))
}

func TestTriesAreThoseOfSurefire(t *testing.T) {
	golden.Assert(t, written(t, several()), "tries.golden")
}

func read(t *testing.T, content string) testsuites {
	t.Helper()
	var suites testsuites
	assert.NilError(t, xml.Unmarshal([]byte(content), &suites))
	return suites
}

func TestTriesAreReadBack(t *testing.T) {
	suites := read(t, written(t, several()))
	assert.Equal(t, suites.Tests, 3)
	assert.Equal(t, suites.Failures, 1, "what is unsteady passes, what is known is skipped")
	assert.Equal(t, suites.Skipped, 1)
	assert.Equal(t, suites.Errors, 0)
	cases := suites.Suites[0].Testcases

	unsteady := cases[0]
	assert.Assert(t, unsteady.Failure == nil && unsteady.Error == nil && unsteady.Skipped == nil)
	assert.Assert(t, cmp.Len(unsteady.FlakyFailures, 2))
	assert.Assert(t, cmp.Len(unsteady.FlakyErrors, 1))
	assert.Equal(t, unsteady.FlakyFailures[1].Message, third.Reason)
	assert.Assert(t, cmp.Contains(unsteady.FlakyFailures[0].StackTrace.Data, "try 1 of 4, alongside other builds, 1.5 s\nagain: make check RUN=caching/third"))
	assert.Assert(t, cmp.Contains(unsteady.FlakyFailures[1].StackTrace.Data, "try 4 of 4, alone"))

	assert.Equal(t, cases[1].Failure.Message, "failed 3 of 3: "+third.Reason)
	assert.Assert(t, cmp.Len(cases[1].RerunFailures, 2))
	assert.Equal(t, cases[2].Skipped.Message, "broken (known): x/y#1, buildkit fixed in v0.12.0")
}

// Moving into a known fault is a regression nevertheless.
func TestAComparisonFailsForAKnownFaultThatIsNewToIt(t *testing.T) {
	before, after := run("v1", tried("a", holds), known(tried("b", broken))), run("v2", known(tried("a", broken)), known(tried("b", broken)))
	cases := read(t, written(t, results.Compare(before, after))).Suites[0].Testcases
	assert.Equal(t, cases[0].Failure.Message, "regressed: 0 of 1 → 1 of 1, a known fault: x/y#1, buildkit fixed in v0.12.0: "+third.Reason)
	assert.Assert(t, cases[1].Failure == nil && cases[1].Skipped != nil)
}

func TestAnUnsteadyClaimWithoutItsTriesIsFlaky(t *testing.T) {
	tc := read(t, written(t, results.Of(run("v1", tried("a", claim.Unsteady))))).Suites[0].Testcases[0]
	assert.Assert(t, cmp.Len(tc.FlakyFailures, 1))
}

// Surefire's schema wants the elements of a testcase in this order, and a type
// and a stack trace in each that describes a try.
func TestElementsAreAsSurefireWantsThem(t *testing.T) {
	order := []string{"failure", "rerunFailure", "flakyFailure", "skipped", "error", "rerunError", "flakyError", "system-out", "system-err"}
	decoder := xml.NewDecoder(strings.NewReader(written(t, several())))
	var within []string
	last := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		assert.NilError(t, err)
		switch element := token.(type) {
		case xml.StartElement:
			name := element.Name.Local
			switch parent := within[max(0, len(within)-1):]; {
			case name == "testcase":
				last = 0
			case slices.Equal(parent, []string{"testcase"}):
				at := slices.Index(order, name)
				assert.Assert(t, at >= last, "%s comes too late", name)
				last = at
				if strings.HasPrefix(name, "rerun") || strings.HasPrefix(name, "flaky") {
					assert.Assert(t, slices.ContainsFunc(element.Attr, func(a xml.Attr) bool { return a.Name.Local == "type" && a.Value != "" }), name)
				}
			case len(parent) == 1 && slices.Contains(order, parent[0]):
				assert.Equal(t, name, "stackTrace")
			}
			within = append(within, name)
		case xml.EndElement:
			within = within[:len(within)-1]
		}
	}
}
