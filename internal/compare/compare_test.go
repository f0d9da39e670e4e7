package compare

import (
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
)

// tried returns a claim with a verdict after tries, a letter each: h holds, f
// fails, e could not be asked.
func tried(id, tries string) report.Claim {
	c := report.Claim{ID: id}
	verdicts := map[rune]claim.Verdict{'h': claim.Holds, 'f': claim.Broken, 'e': claim.Error}
	for _, letter := range tries {
		c.Tries = append(c.Tries, report.Try{Verdict: verdicts[letter], Reason: string(letter), Evidence: "evidence/" + id})
	}
	c.Verdict, c.Evidence = verdictOf(failures(&c)), "evidence/"+id
	if len(c.Tries) == 1 {
		c.Reason, c.Tries = c.Tries[0].Reason, nil
	}
	return c
}

func change(before, after report.Claim) Change {
	c := Reports(report.Report{Claims: []report.Claim{before}}, report.Report{Claims: []report.Claim{after}})
	return c.Changes[0]
}

func TestClasses(t *testing.T) {
	const (
		holds  = claim.Holds
		na     = claim.NotApplicable
		failed = claim.Error
		broken = claim.Broken
	)
	for _, tc := range []struct {
		before, after claim.Verdict
		want          Class
	}{
		{holds, holds, Same}, {holds, na, Lost}, {holds, failed, Environment}, {holds, broken, Undecided},
		{na, holds, Gained}, {na, na, Same}, {na, failed, Environment}, {na, broken, Gained}, {na, claim.Unsteady, Gained},
		{failed, holds, Environment}, {failed, na, Environment}, {failed, failed, Environment}, {failed, broken, Environment},
		{broken, holds, Undecided}, {broken, na, Lost}, {broken, failed, Environment}, {broken, broken, BothBroken},
		{claim.Unsteady, na, Lost}, {claim.Unsteady, failed, Environment},
	} {
		got := change(report.Claim{Verdict: tc.before}, report.Claim{Verdict: tc.after})
		assert.Equal(t, got.Class, tc.want, "%s, then %s", tc.before, tc.after)
	}
	assert.Equal(t, Change{Candidate: &report.Claim{}}.classOf(), Environment)
}

func TestClassesByRate(t *testing.T) {
	const (
		twenty = "hhhhhhhhhhhhhhhhhhhh"
		six    = "ffffffhhhhhhhhhhhhhh"
	)
	for _, tc := range []struct{ before, after, want string }{
		{"h", "ffff", "undecided: 0 of 1 → 4 of 4, too few tries to rule out chance"},
		{"hhhhh", "ffff", "regressed: 0 of 5 → 4 of 4"},
		{"hehhheh", "ffff", "regressed: 0 of 5 → 4 of 4"},
		{"ffff", "hhhhh", "fixed: 4 of 4 → 0 of 5"},
		{"ffff", "f", "both broken"},
		{"h", "h", "same"},
		{"h", "fhhh", "undecided: 0 of 1 → 1 of 4, too few tries to rule out chance"},
		{twenty, six, "newly unsteady: 0 of 20 → 6 of 20, which may be chance"},
		{six, six, "unsteady on both: 6 of 20 → 6 of 20"},
		{six, twenty, "unsteady before: 6 of 20 → 0 of 20"},
		{"ffffffffffffffffffff", "hhhhfffffffffffffffff"[:20], "unsteady now: 20 of 20 → 16 of 20"},
		{"ffffffffff", "fhhhhhhhhh", "unsteady, less often than before: 10 of 10 → 1 of 10"},
		{"fhhhhhhhhh", "ffffffffff", "regressed: 1 of 10 → 10 of 10"},
	} {
		assert.Equal(t, change(tried("a", tc.before), tried("a", tc.after)).String(), tc.want)
	}
}

// TestAKnownFaultIsExplained has claims that were tried once on each side: the
// reference says which side is broken.
func TestAKnownFaultIsExplained(t *testing.T) {
	holds, broken := tried("a", "h"), tried("a", "f")
	known, fixedHere := broken, holds
	known.Known, fixedHere.FixedHere = "moby/buildkit/issues/1", "moby/buildkit/issues/1"
	assert.Equal(t, change(holds, known).String(), "regressed: 0 of 1 → 1 of 1, a known fault")
	assert.Equal(t, change(known, holds).String(), "fixed: 1 of 1 → 0 of 1, a known fault")
	assert.Equal(t, change(known, broken).Class, BothBroken)
	assert.Equal(t, change(holds, broken).Class, Undecided, "nobody knows of this fault")
	assert.Equal(t, change(fixedHere, known).Class, Undecided, "the reference says that the baseline is broken, too")
	assert.Equal(t, change(tried("a", "fhhh"), known).Class, Undecided, "the reference says nothing of a baseline that wavers")
}

func TestAgainIsOneSidesTurn(t *testing.T) {
	baseline := report.Report{Claims: []report.Claim{
		tried("a/regressed", "h"), tried("a/same", "h"), tried("a/wavers", "hfhh"), tried("a/fixed", "ffff"), tried("a/lost", "heee"),
	}}
	candidate := report.Report{Claims: []report.Claim{
		tried("a/regressed", "ffff"), tried("a/same", "h"), tried("a/wavers", "h"), tried("a/fixed", "h"), tried("a/lost", "ffff"),
	}}
	before, after := Reports(baseline, candidate).Again()
	assert.DeepEqual(t, before, []string{"a/regressed"})
	assert.DeepEqual(t, after, []string{"a/wavers", "a/fixed"})
}

func TestAddCountsLaterTries(t *testing.T) {
	r := report.New(report.Subject{}, []report.Claim{tried("a/x", "h"), tried("a/y", "ffff"), tried("a/z", "h")})
	r.Claims[1].Known, r.Claims[0].FixedHere = "moby/buildkit/issues/1", "moby/buildkit/issues/2"
	later := report.New(report.Subject{}, []report.Claim{tried("a/x", "f"), tried("a/y", "h")})
	later.RunErrors = []string{"left behind: container x"}
	got := Add(r, later, "again-01")
	assert.DeepEqual(t, got.RunErrors, []string{"again-01: left behind: container x"})

	x := got.Claims[0]
	assert.Equal(t, x.Verdict, claim.Unsteady)
	assert.Equal(t, x.Count(), "failed 1 of 2")
	assert.Equal(t, x.FixedHere, "", "what wavers is not fixed")
	assert.Assert(t, x.Tries[0].Beside && !x.Tries[1].Beside, "the first run had other claims, and further tries are made alone")
	assert.Equal(t, x.Reason, "f")
	assert.Equal(t, x.Evidence, "evidence/a/x", "that of the first try, as everywhere")
	assert.Equal(t, x.Tries[1].Evidence, "again-01/evidence/a/x")
	y := got.Claims[1]
	assert.Equal(t, y.Verdict, claim.Unsteady)
	assert.Equal(t, y.Known, "", "what wavers is not the known fault")
	assert.Equal(t, y.Evidence, "evidence/a/y")
	assert.DeepEqual(t, got.Claims[2], r.Claims[2])
	assert.Equal(t, got.Summary, report.Summary{Holds: 1, Unsteady: 2})
	assert.Equal(t, r.Claims[0].Verdict, claim.Holds, "the report that was given is as it was")

	held := Add(r, report.New(report.Subject{}, []report.Claim{tried("a/x", "h")}), "again-02").Claims[0]
	assert.Equal(t, held.Verdict, claim.Holds)
	assert.Equal(t, failures(&held).String(), "0 of 2")
	failed := Add(r, report.New(report.Subject{}, []report.Claim{{ID: "a/x", Verdict: claim.Error, Reason: "the engine is gone"}}), "again-02").Claims[0]
	assert.Equal(t, failed.Verdict, claim.Holds, "a try that could not be made says nothing")
}

func TestReports(t *testing.T) {
	fact := func(name, value string) claim.Fact { return claim.Fact{Name: name, Value: value} }
	baseline := report.New(report.Subject{}, []report.Claim{
		{ID: "a/same", Facts: []claim.Fact{fact("kept", "1"), fact("changed", "old"), fact("gone", "x")}},
		{ID: "a/removed"},
		{ID: "a/regressed"},
	})
	candidate := report.New(report.Subject{}, []report.Claim{
		{ID: "a/regressed", Verdict: claim.Broken, Known: "a reference"},
		{ID: "a/same", Facts: []claim.Fact{fact("kept", "1"), fact("changed", "new"), fact("come", "y")}},
	})
	c := Reports(baseline, candidate)
	var ids []string
	for _, change := range c.Changes {
		ids = append(ids, change.ID+" "+string(change.Class))
	}
	assert.DeepEqual(t, ids, []string{"a/regressed regressed", "a/same same", "a/removed environment"})
	assert.DeepEqual(t, c.Shapes, []Shape{
		{Claim: "a/same", Name: "changed", Baseline: "old", Candidate: "new"},
		{Claim: "a/same", Name: "come", Candidate: "y"},
		{Claim: "a/same", Name: "gone", Baseline: "x"},
	})
	assert.DeepEqual(t, c.Count(), map[Class]int{Regressed: 1, Same: 1, Environment: 1})
}
