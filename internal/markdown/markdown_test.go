package markdown

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/internal/report"
	"builders.test/internal/results"
	"builders.test/internal/text/sanitize"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/golden"
)

func run(version string, claims ...report.Claim) results.Run {
	return results.Run{Report: report.New(report.Subject{
		BuildKit: subject.BuildKit{Version: version, Digest: "sha256:d1"},
		Buildx:   subject.Buildx{Version: "v0.38.2"},
		Host:     subject.Host{Kernel: "6.1.0"},
	}, claims)}
}

var (
	ls    = report.Claim{ID: "builders/ls", Chapter: "builders", Text: "`ls` lists each builder", Facts: []claim.Fact{{Name: "media type", Value: "oci"}}}
	third = report.Claim{ID: "caching/third", Chapter: "caching", Text: "the third builder misses", Verdict: claim.Broken, Reason: "the third builder must miss: it hit", Repro: "make check RUN=caching/third"}
	local = report.Claim{ID: "caching/local", Chapter: "caching", Text: "a folder carries it", Verdict: claim.Error, Reason: "not reached: interrupted"}
	newer = report.Claim{ID: "cleanup/rm", Chapter: "cleanup", Text: "`rm` removes", Verdict: claim.NotApplicable, Reason: "needs buildkit>=0.13: buildkit under test is v0.11.5", Repro: "make check RUN=cleanup/rm"}
)

// with returns the claim with another verdict.
func with(one report.Claim, v claim.Verdict) report.Claim {
	one.Verdict = v
	if v == claim.Holds {
		one.Reason = ""
	}
	return one
}

func written(t *testing.T, d results.Set) string {
	t.Helper()
	var out bytes.Buffer
	assert.NilError(t, Write(&out, d))
	return out.String()
}

func TestCheck(t *testing.T) {
	golden.Assert(t, written(t, results.Of(run("v0.11.5", ls, newer, local, third))), "check.golden")
}

// rare are claims that most runs do not have: unsteady, known to be broken, and
// fixed although known to be broken.
func rare() []report.Claim {
	unsteady := with(third, claim.Unsteady)
	unsteady.ID, unsteady.Tries = "caching/unsteady", []report.Try{
		{Verdict: claim.Broken, Reason: third.Reason}, {Verdict: claim.Holds}, {Verdict: claim.Holds}, {Verdict: claim.Holds},
	}
	known := third
	known.ID, known.Known = "caching/known", "x/y#1, buildkit fixed in v0.12.0"
	mended := with(third, claim.Holds)
	mended.ID, mended.FixedHere = "caching/mended", "x/y#2, buildkit not fixed yet"
	return []report.Claim{unsteady, known, mended}
}

func TestKnownFaultsAreFoldedAndUnsteadyClaimsAreNot(t *testing.T) {
	golden.Assert(t, written(t, results.Of(run("v0.11.5", append(rare(), ls)...))), "rare.golden")
}

func TestMatrixWithRareVerdicts(t *testing.T) {
	golden.Assert(t, written(t, results.Of(run("v0.11.5", ls), run("v0.20.2", append(rare(), ls)...))), "matrix-rare.golden")
}

func TestGreenCheckIsShort(t *testing.T) {
	got := written(t, results.Of(run("v0.11.5", ls)))
	assert.Assert(t, cmp.Contains(got, "### ✓ The 1 claim holds on BuildKit v0.11.5\n"))
	assert.Assert(t, !strings.Contains(got, "| why |"))
}

func TestComparisonShowsDifferencesFirst(t *testing.T) {
	shaped := ls
	shaped.Facts = []claim.Fact{{Name: "media type", Value: "docker|v2"}}
	held, failed := with(third, claim.Holds), third
	held.Tries, failed.Tries = make([]report.Try, 5), make([]report.Try, 4)
	for i := range failed.Tries {
		failed.Tries[i].Verdict = claim.Broken
	}
	golden.Assert(t, written(t, results.Compare(
		run("v0.11.5", ls, held, newer, local),
		run("v0.34.2", shaped, failed, with(newer, claim.Holds), local),
	)), "compare.golden")
}

func TestMatrix(t *testing.T) {
	golden.Assert(t, written(t, results.Of(
		run("v0.11.5", ls, with(third, claim.Holds), newer), run("v0.20.2", ls, with(third, claim.Error)), run("v0.34.2", ls, third),
	)), "matrix.golden")
}

func TestHostileTextStaysText(t *testing.T) {
	hostile := sanitize.Line("a|b <img src=x> [x](http://evil) **b** `c @me \\ \x1b[31m\nnext | `<b>` www.evil.test")
	for _, escaped := range []string{plain(hostile), sentence(hostile), sentence("`a|b` " + hostile + "`")} {
		withoutCode := escaped
		assert.Assert(t, !strings.Contains(withoutCode, "\n"))
		assert.Assert(t, !strings.Contains(withoutCode, "\x1b"))
		assert.Assert(t, cmp.Regexp(`^([^|]|\\\|)*$`, withoutCode), "a bar would end the cell")
	}
	assert.Equal(t, plain(hostile), "a\\|b &lt;img src=x&gt; \\[x\\](http&#58;//evil) \\*\\*b\\*\\* \\`c &#64;me \\\\ next \\| \\`&lt;b&gt;\\` www&#46;evil.test")
	assert.Equal(t, sentence("`a|b` <i>"), "`a\\|b` &lt;i&gt;")
	assert.Equal(t, code("``x`"), "``` ``x` ```")
}

func TestLongReportsFit(t *testing.T) {
	claims := make([]report.Claim, 0, 2000)
	for i := range 2000 {
		one := third
		one.ID, one.Reason = fmt.Sprintf("caching/c%d", i), strings.Repeat("long ", 200)
		claims = append(claims, one)
	}
	got := written(t, results.Of(run("v1", claims...), run("v2", claims...)))
	assert.Assert(t, len(got) < 1<<20*3/4, len(got))
	assert.Assert(t, cmp.Contains(got, " more are in the report.\n"))
	assert.Assert(t, cmp.Contains(got, "What was tested on what"))
}
