package soak_test

import (
	"encoding/json"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"builders.test/internal/soak"
	"builders.test/internal/soak/soaktest"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/golden"
)

func TestTheFileIsTheDocumentedFormat(t *testing.T) {
	content, err := json.MarshalIndent(soaktest.Sample(), "", "  ")
	assert.NilError(t, err)
	golden.Assert(t, string(content)+"\n", "soak.golden")
}

func TestFailuresAreCountedOutOfRuns(t *testing.T) {
	s := soaktest.Sample()
	assert.Assert(t, cmp.Len(s.Claims, 3))
	second := s.Claims[0].Tallies
	assert.Equal(t, second[0].String(), "2 of 4 (1 broken, 1 unsteady)")
	assert.Equal(t, second[0].TriesSaid(), "3 of 8 tries failed", "one of four, two of two, and the two runs in which it held")
	assert.Equal(t, second[1].String(), "0 of 1", "a run that was not made is no run")
	assert.Equal(t, second[1].TriesSaid(), "")
	assert.Equal(t, s.Claims[1].Tallies[0].String(), "4 of 4 (known)")
	assert.Equal(t, s.Claims[2].Tallies[0].String(), "not applicable")
	assert.Equal(t, soak.Tally{}.String(), "not run")
	assert.DeepEqual(t, s.Failing(claim.Broken), []string{"caching/second"})
	assert.Equal(t, s.Worst(), claim.Broken)
	assert.Equal(t, s.Headline(), "1 claim broke in 6 runs")
}

func TestEveryTryOfAnIncidentIsFound(t *testing.T) {
	incidents := soaktest.Sample().Claims[0].Tallies[0].Incidents
	assert.Assert(t, cmp.Len(incidents, 2))
	assert.Equal(t, incidents[0].Run, "run 2")
	assert.Equal(t, incidents[0].Why(), "failed 1 of 4: "+soaktest.Reason)
	assert.DeepEqual(t, incidents[0].Evidence, []string{
		"v0.11.5/run-02/evidence/caching/second", "v0.11.5/run-02/evidence/caching/second.try-2",
		"v0.11.5/run-02/evidence/caching/second.try-3", "v0.11.5/run-02/evidence/caching/second.try-4",
	})
	assert.Equal(t, incidents[1].Run, "run 2, beside")
	assert.Assert(t, incidents[1].Company)
}

func TestWhatIsKnownIsNoIncident(t *testing.T) {
	known := soaktest.Sample().Claims[1]
	assert.Assert(t, !known.Silent(), "it is said how often")
	assert.Assert(t, cmp.Len(known.Tallies[0].Incidents, 0))
	assert.Equal(t, known.Tallies[0].Worst(), claim.Holds, "and it is not news")
}

func TestTimes(t *testing.T) {
	s := soaktest.Sample()
	second := s.Claims[0].Tallies[0].Times
	assert.DeepEqual(t, second.All, []float64{4, 30, 12, 4})
	assert.Equal(t, second.Median, 8.0)
	assert.Equal(t, second.Slowest, 30.0)
	assert.Equal(t, second.SlowestIn, "run 2")
	assert.DeepEqual(t, s.Columns[0].Alone.All, []float64{210, 230})
	assert.DeepEqual(t, s.Columns[0].Company.All, []float64{220, 220})
	assert.DeepEqual(t, s.Columns[1].Alone.All, []float64{180})
}

func TestHeadlines(t *testing.T) {
	of := func(v claim.Verdict, runErrors ...string) soak.Soak {
		run := soaktest.Run(1, "v0.1.0", 1, report.Claim{ID: "a/b", Verdict: v})
		run.Report.RunErrors = runErrors
		return soak.Of(1, soak.Column{Runs: []soak.Run{run}})
	}
	for _, tc := range []struct {
		soak  soak.Soak
		worst claim.Verdict
		want  string
	}{
		{of(claim.Holds), claim.Holds, "No claim failed in 1 run"},
		{of(claim.NotApplicable), claim.Holds, "No claim failed in 1 run"},
		{of(claim.Unsteady), claim.Unsteady, "No claim broke in 1 run, but 1 claim wavered"},
		{of(claim.Error), claim.Error, "No claim broke in 1 run, but something else went wrong in 1 of them"},
		{of(claim.Holds, "left behind"), claim.Error, "No claim broke in 1 run, but something else went wrong in 1 of them"},
		{of(claim.Broken, "left behind"), claim.Broken, "1 claim broke in 1 run"},
	} {
		assert.Equal(t, tc.soak.Worst(), tc.worst)
		assert.Equal(t, tc.soak.Headline(), tc.want)
	}
}

func TestBeside(t *testing.T) {
	for _, tc := range []struct {
		word string
		want []bool // of runs 1, 2, 3
	}{
		{"", []bool{false, false, false}}, {"0", []bool{false, false, false}},
		{"1", []bool{true, true, true}}, {"all", []bool{true, true, true}},
		{"2", []bool{true, true, false}}, {"3", []bool{true, true, true}},
	} {
		c, err := soak.ParseCompany(tc.word, 3)
		assert.NilError(t, err)
		for i, want := range tc.want {
			assert.Equal(t, c.Has(i+1), want, "BESIDE=%s, run %d", tc.word, i+1)
		}
	}
	for word, want := range map[string]string{"4": "only 3 runs", "-1": "is neither", "yes": "is neither"} {
		_, err := soak.ParseCompany(word, 3)
		assert.ErrorContains(t, err, want)
	}
}

func TestUpTo(t *testing.T) {
	// A claim that fails every other time survives five runs once in 32.
	assert.Assert(t, soak.UpTo(5) < 0.5 && soak.UpTo(4) > 0.5)
	assert.Equal(t, soak.UpTo(0), 1.0)
}
