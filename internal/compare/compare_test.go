package compare

import (
	"testing"

	"builders.test/helpers/spec"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
)

func TestClasses(t *testing.T) {
	const (
		holds  = spec.Holds
		na     = spec.NotApplicable
		failed = spec.Error
		broken = spec.Broken
	)
	for _, tc := range []struct {
		before, after spec.Verdict
		want          Class
	}{
		{holds, holds, Same}, {holds, na, Lost}, {holds, failed, Environment}, {holds, broken, Regressed},
		{na, holds, Gained}, {na, na, Same}, {na, failed, Environment}, {na, broken, Gained},
		{failed, holds, Environment}, {failed, na, Environment}, {failed, failed, Environment}, {failed, broken, Environment},
		{broken, holds, Fixed}, {broken, na, Lost}, {broken, failed, Environment}, {broken, broken, BothBroken},
	} {
		got := classOf(&report.Claim{Verdict: tc.before}, &report.Claim{Verdict: tc.after})
		assert.Equal(t, got, tc.want, "%s, then %s", tc.before, tc.after)
	}
	assert.Equal(t, classOf(nil, &report.Claim{}), Environment)
}

func TestReports(t *testing.T) {
	fact := func(name, value string) report.Fact { return report.Fact{Name: name, Value: value} }
	baseline := report.New(report.Subject{}, []report.Claim{
		{ID: "a/same", Facts: []report.Fact{fact("kept", "1"), fact("changed", "old"), fact("gone", "x")}},
		{ID: "a/removed"},
		{ID: "a/regressed"},
	})
	candidate := report.New(report.Subject{}, []report.Claim{
		{ID: "a/regressed", Verdict: spec.Broken},
		{ID: "a/same", Facts: []report.Fact{fact("kept", "1"), fact("changed", "new"), fact("come", "y")}},
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
