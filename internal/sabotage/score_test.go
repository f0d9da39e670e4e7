package sabotage

import (
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
)

// tried returns a claim that was tried: h is a try that held, f one that failed
// and F one that failed alongside others.
func tried(id, tries string) report.Claim {
	c := report.Claim{ID: id}
	for _, word := range tries {
		try := claim.Try{Verdict: claim.Holds, Beside: word == 'F'}
		if word != 'h' {
			try.Verdict = claim.Broken
		}
		c.Tries = append(c.Tries, try)
	}
	c.Verdict, _ = claim.Judge(c.Tries, len(c.Tries)-1)
	return c
}

func known(c report.Claim) report.Claim {
	c.Known = "moby/buildkit/issues/1"
	return c
}

func TestScores(t *testing.T) {
	kills := Sabotage{Kills: []string{"a"}}
	wavers := Sabotage{Unsteady: []string{"a"}}
	beside := Sabotage{Unsteady: []string{"a"}, Counted: "only alongside other builds"}
	chance := Sabotage{Chance: []string{"a", "b"}}
	missing := report.Claim{ID: "a", Verdict: claim.Error}
	for name, c := range map[string]struct {
		sabotage Sabotage
		claims   []report.Claim
		want     Score
	}{
		"noticed":                      {kills, []report.Claim{tried("a", "ff"), tried("x", "h")}, Score{Killed: []string{"a"}}},
		"not noticed":                  {kills, []report.Claim{tried("a", "h")}, Score{Survived: []string{"a"}}},
		"broken was expected":          {kills, []report.Claim{tried("a", "fh")}, Score{Survived: []string{"a"}}},
		"another one is unsteady":      {kills, []report.Claim{tried("a", "ff"), tried("x", "fh")}, Score{Killed: []string{"a"}, Misattributed: []string{"x"}}},
		"another one is known":         {kills, []report.Claim{tried("a", "ff"), known(tried("x", "ff"))}, Score{Killed: []string{"a"}}},
		"wavers":                       {wavers, []report.Claim{tried("a", "fhhf")}, Score{Wavered: []Wavering{{"a", "failed 2 of 4"}}}},
		"unsteady was expected":        {wavers, []report.Claim{tried("a", "ffff")}, Score{Misattributed: []string{"a"}}},
		"nothing was seen":             {wavers, []report.Claim{tried("a", "h")}, Score{Survived: []string{"a"}}},
		"only beside others":           {beside, []report.Claim{tried("a", "FhhF")}, Score{Wavered: []Wavering{{"a", "failed 2 of 4, only alongside other builds"}}}},
		"alone, too":                   {beside, []report.Claim{tried("a", "FfhF")}, Score{Survived: []string{"a"}}},
		"an error where it must waver": {wavers, []report.Claim{missing}, Score{Unknown: []string{"a"}}},
		"one wavers by chance":         {chance, []report.Claim{tried("a", "h"), tried("b", "fhfh")}, Score{Wavered: []Wavering{{"b", "failed 2 of 4"}}}},
		"one fails each time":          {chance, []report.Claim{tried("a", "ffff"), tried("b", "fhhh")}, Score{Killed: []string{"a"}, Wavered: []Wavering{{"b", "failed 1 of 4"}}}},
		"none wavers":                  {chance, []report.Claim{tried("a", "ffff"), tried("b", "h")}, Score{Killed: []string{"a"}, Survived: []string{"a", "b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.Sabotage = c.sabotage
			got := Judge(c.sabotage, c.claims)
			assert.DeepEqual(t, got.Killed, c.want.Killed)
			assert.DeepEqual(t, got.Wavered, c.want.Wavered)
			assert.DeepEqual(t, got.Survived, c.want.Survived)
			assert.DeepEqual(t, got.Misattributed, c.want.Misattributed)
			assert.DeepEqual(t, got.Unknown, c.want.Unknown)
			assert.Equal(t, got.Caught(), len(c.want.Survived)+len(c.want.Misattributed)+len(c.want.Unknown) == 0)
		})
	}
}
