package console

import (
	"bytes"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/internal/compare"
	"builders.test/internal/matrix"
	"builders.test/internal/report"
	"gotest.tools/v3/golden"
)

// run returns a report with a verdict for each of four claims.
func run(version string, verdicts ...claim.Verdict) report.Report {
	ids := []string{"builders/ls", "caching/second", "output/load", "shape/manifest"}
	var claims []report.Claim
	for i, verdict := range verdicts {
		c := report.Claim{ID: ids[i], Text: "the sentence of " + ids[i], Verdict: verdict}
		if verdict != claim.Holds {
			c.Reason = "the reason on " + version
		}
		if ids[i] == "shape/manifest" {
			c.Facts = []claim.Fact{{Name: "media type", Value: "of " + version}, {Name: "layers", Value: "3"}}
		}
		claims = append(claims, c)
	}
	return report.New(report.Subject{BuildKit: subject.BuildKit{Version: version}}, claims)
}

// asked returns a report whose claims were tried, each as often as it has
// letters: h held, f failed.
func asked(r report.Report, tries ...string) report.Report {
	for i, letters := range tries {
		for _, letter := range letters {
			verdict := map[rune]claim.Verdict{'h': claim.Holds, 'f': claim.Broken}[letter]
			r.Claims[i].Tries = append(r.Claims[i].Tries, report.Try{Verdict: verdict})
		}
	}
	return r
}

func TestComparison(t *testing.T) {
	var out bytes.Buffer
	c := &Console{out: &out, err: &out}
	c.Comparison(compare.Reports(
		asked(run("v0.1.0", claim.Holds, claim.Broken, claim.NotApplicable, claim.Holds), "hhhhh", "ffff"),
		asked(run("v0.2.0", claim.Broken, claim.Holds, claim.Holds, claim.Holds), "ffff", "hhhhh")))
	golden.Assert(t, out.String(), "comparison.golden")
}

func TestMatrix(t *testing.T) {
	var out bytes.Buffer
	c := &Console{out: &out, err: &out}
	c.Matrix(matrix.New(
		run("v0.1.0", claim.Holds, claim.Holds, claim.NotApplicable, claim.Holds),
		run("v0.2.0", claim.Broken, claim.Error, claim.Holds, claim.Holds),
		run("v0.3.0", claim.Broken, claim.Holds, claim.Holds)), []float64{12.4, 9.6, 100})
	golden.Assert(t, out.String(), "matrix.golden")
}

func TestMatrixTellsWhatIsKnownAndWhatIsUnsteady(t *testing.T) {
	var out bytes.Buffer
	c := &Console{out: &out, err: &out}
	older := run("v0.1.0", claim.Holds, claim.Holds, claim.Broken)
	newer := run("v0.2.0", claim.Broken, claim.Unsteady, claim.Holds)
	newest := run("v0.3.0", claim.Broken, claim.Holds, claim.Holds)
	newer.Claims[0].Known = "x/y#1, fixed in v0.4.0"
	newest.Claims[0].Known = newer.Claims[0].Known
	newer.Claims[1].Tries = []report.Try{{Verdict: claim.Broken}, {Verdict: claim.Holds}}
	newest.Claims[2].FixedHere = "x/y#2, not fixed yet"
	c.Matrix(matrix.New(older, newer, newest), []float64{1, 2, 3})
	golden.Assert(t, out.String(), "matrix-rare.golden")
}
