package results

import (
	"os"
	"path/filepath"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/internal/compare"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
)

// run has one claim per verdict, named by its place.
func run(version string, verdicts ...claim.Verdict) Run {
	var claims []report.Claim
	for i, verdict := range verdicts {
		claims = append(claims, report.Claim{ID: "a/" + string(rune('a'+i)), Chapter: "a", Verdict: verdict, Tries: tries(verdict)})
	}
	return Run{Report: report.New(report.Subject{
		BuildKit: subject.BuildKit{Version: version}, Host: subject.Host{Kernel: "6.1"},
	}, claims)}
}

// tries are as many as it takes to distinguish a claim that fails from one that holds.
func tries(verdict claim.Verdict) []report.Try {
	all := make([]report.Try, 20)
	for i := range all {
		all[i].Verdict = verdict
		if verdict == claim.Unsteady {
			all[i].Verdict = []claim.Verdict{claim.Holds, claim.Holds, claim.Holds, claim.Broken}[i%4]
		}
	}
	return all
}

const (
	holds   = claim.Holds
	skipped = claim.NotApplicable
	failed  = claim.Error
	broken  = claim.Broken
)

func TestHeadlineOfACheck(t *testing.T) {
	for want, verdicts := range map[string][]claim.Verdict{
		"All 2 claims hold on BuildKit v1":                                                    {holds, holds},
		"The 1 claim that applies holds on BuildKit v1":                                       {holds, skipped},
		"1 of 2 claims is broken on BuildKit v1":                                              {holds, broken},
		"2 of 4 claims are broken on BuildKit v1, and 1 claim could not be tested":            {holds, broken, broken, failed},
		"Nothing is known to be broken, but 1 of 2 claims could not be tested on BuildKit v1": {holds, failed},
		"No claim was tested on BuildKit v1":                                                  {skipped},
		"All 2 claims that apply hold on BuildKit v1":                                         {holds, holds, skipped},
	} {
		got := Of(run("v1", verdicts...)).Headline()
		assert.Equal(t, got.Text, want)
	}
	assert.Equal(t, Of(run("v1", holds, skipped)).Headline().Verdict, claim.Holds)
	assert.Equal(t, Of(run("v1", failed, skipped)).Headline().Verdict, claim.Error)
	assert.Equal(t, Of(run("v1", failed, broken)).Headline().Verdict, claim.Broken)
}

// withKnown adds claims that the release is known to break.
func withKnown(r Run, count int) Run {
	claims := r.Report.Claims
	for i := range count {
		claims = append(claims, report.Claim{ID: "k/" + string(rune('a'+i)), Verdict: broken, Known: "x/y#1, fixed in v2"})
	}
	r.Report = report.New(r.Report.Subject, claims)
	return r
}

// An unsteady claim is never said to hold, and a known fault is not news.
func TestHeadlineOfWhatIsUnsteadyOrKnown(t *testing.T) {
	const unsteady = claim.Unsteady
	for _, tc := range []struct {
		run  Run
		want Headline
	}{
		{run("v1", holds, holds, unsteady), Headline{unsteady, "2 of 3 claims hold on BuildKit v1; 1 is unsteady"}},
		{run("v1", unsteady), Headline{unsteady, "No claim holds on BuildKit v1; 1 is unsteady"}},
		{run("v1", holds, skipped, unsteady, unsteady), Headline{unsteady, "1 of 3 claims that apply holds on BuildKit v1; 2 are unsteady"}},
		{withKnown(run("v1", holds, holds), 1), Headline{holds, "2 of 3 claims hold on BuildKit v1; 1 is a known fault"}},
		{withKnown(run("v1", holds, skipped), 3), Headline{holds, "1 of 4 claims that apply holds on BuildKit v1; 3 are known faults"}},
		{withKnown(run("v1", holds, unsteady), 2), Headline{unsteady, "1 of 4 claims holds on BuildKit v1; 1 is unsteady and 2 are known faults"}},
		{withKnown(run("v1", holds, broken, unsteady), 1), Headline{broken, "1 of 4 claims is broken on BuildKit v1; 1 is unsteady and 1 is a known fault"}},
		{withKnown(run("v1", holds, failed), 1), Headline{failed, "Nothing new is known to be broken, but 1 of 3 claims could not be tested on BuildKit v1; 1 is a known fault"}},
	} {
		assert.DeepEqual(t, Of(tc.run).Headline(), tc.want)
	}
	several := Of(withKnown(run("v1", holds, unsteady), 1), run("v2", holds, holds)).Headline()
	assert.DeepEqual(t, several, Headline{unsteady, "1 of 3 claims holds in all 2 runs, where applicable; 1 is unsteady and 1 is a known fault somewhere"})
}

func TestHeadlineTellsWhatWentWrongBesideTheClaims(t *testing.T) {
	held := run("v1", holds, holds)
	held.Report.RunErrors = []string{"left behind: container x"}
	d := Of(held)
	assert.DeepEqual(t, d.Headline(), Headline{failed, "All 2 claims hold on BuildKit v1, but something went wrong with the run itself"})
	assert.DeepEqual(t, d.RunErrors(), []string{"left behind: container x"})
	d = Of(run("v0", holds), held)
	assert.DeepEqual(t, d.RunErrors(), []string{"BuildKit v1: left behind: container x"})
	red := run("v1", broken)
	red.Report.RunErrors = held.Report.RunErrors
	assert.Equal(t, Of(red).Headline().Verdict, broken)
}

func TestHeadlineOfAMatrix(t *testing.T) {
	all := Of(run("v1", holds, holds), run("v2", holds, skipped), run("v3", holds, holds)).Headline()
	assert.Equal(t, all, Headline{claim.Holds, "All 2 claims hold in all 3 runs, where applicable"})
	some := Of(run("v1", holds, holds), run("v2", holds, broken)).Headline()
	assert.Equal(t, some, Headline{claim.Broken, "1 of 2 claims is broken in at least one of 2 runs"})
}

func TestHeadlineOfAComparison(t *testing.T) {
	for name, tc := range map[string]struct {
		before, after []claim.Verdict
		verdict       claim.Verdict
		want          string
	}{
		"regressed": {
			[]claim.Verdict{holds, holds, failed}, []claim.Verdict{broken, broken, holds}, broken,
			"BuildKit v2 breaks 2 claims that hold with BuildKit v1; 1 claim could not be compared",
		},
		"newly broken": {
			[]claim.Verdict{skipped, holds}, []claim.Verdict{broken, holds}, broken,
			"BuildKit v2 breaks 1 claim that did not apply to BuildKit v1",
		},
		"unknown": {
			[]claim.Verdict{holds, holds}, []claim.Verdict{failed, holds}, failed,
			"No regression from BuildKit v1 to BuildKit v2 is known, but 1 claim could not be compared",
		},
		"kept": {
			[]claim.Verdict{holds, broken}, []claim.Verdict{holds, holds}, holds,
			"BuildKit v2 keeps every claim that holds with BuildKit v1",
		},
		"kept but for some": {
			[]claim.Verdict{holds, broken, holds}, []claim.Verdict{holds, broken, skipped}, holds,
			"BuildKit v2 keeps every claim that holds with BuildKit v1, except 1 that no longer applies; 1 claim is broken with both",
		},
		"newly unsteady": {
			[]claim.Verdict{holds, holds}, []claim.Verdict{claim.Unsteady, holds}, claim.Unsteady,
			"BuildKit v2 keeps every claim that holds with BuildKit v1, except 1 that is unsteady now, which may be chance",
		},
		"unsteady on both": {
			[]claim.Verdict{claim.Unsteady, holds}, []claim.Verdict{claim.Unsteady, holds}, holds,
			"BuildKit v2 keeps every claim that holds with BuildKit v1; 1 claim is unsteady, not more than before",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Compare(run("v1", tc.before...), run("v2", tc.after...)).Headline()
			assert.Equal(t, got, Headline{tc.verdict, tc.want})
		})
	}
}

// A part of the book says nothing about the rest of it.
func TestHeadlineOfASelection(t *testing.T) {
	chosen := func(r Run, selection string) Run { r.Report.Selection = selection; return r }
	before, after := chosen(run("v1", holds), "caching"), chosen(run("v2", holds), "caching")
	d := Compare(before, after)
	assert.Equal(t, d.Headline().Text, "Of the selected claims (RUN=caching): BuildKit v2 keeps every claim that holds with BuildKit v1")
	assert.Equal(t, d.Headline().Verdict, holds)
	assert.DeepEqual(t, d.About()[2], Attribute{Name: "Selected claims", Values: []string{"caching", "caching"}})
	assert.Equal(t, Of(after).Headline().Text, "Of the selected claims (RUN=caching): The 1 claim holds on BuildKit v2")
	assert.Equal(t, Compare(before, run("v2", holds)).Selected(), "the selected claims (RUN=caching, all)")
	assert.Equal(t, Compare(run("v1", holds), run("v2", holds)).Selected(), "")
	assert.Equal(t, Of(chosen(run("v2", holds), "USES=../app")).Headline().Text, "Of the selected claims (USES=../app): The 1 claim holds on BuildKit v2")
}

func TestAboutNamesWhatIsKnown(t *testing.T) {
	d := Compare(run("v1", holds), run("v2", broken))
	assert.DeepEqual(t, d.About(), []Attribute{
		{Name: "BuildKit", Values: []string{"v1", "v2"}, Differs: true},
		{Name: "Kernel", Values: []string{"6.1", "6.1"}},
	})
	assert.Equal(t, d.Changes()["a/a"].Class, compare.Regressed)
	assert.Equal(t, len(Of(run("v1")).Changes()), 0)
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	_, err := run("v1", holds).Report.Write(dir)
	assert.NilError(t, err)
	d, err := Read(dir, dir)
	assert.NilError(t, err)
	assert.Equal(t, len(d.Runs), 2)
	assert.Equal(t, d.Latest().Dir, dir)
	_, err = Read(dir, t.TempDir())
	assert.ErrorContains(t, err, "read the report")
	_, err = Read()
	assert.ErrorContains(t, err, "no run folder")
}

// TestOneTryIsNotEnough reads two reports whose claims were not asked again.
func TestOneTryIsNotEnough(t *testing.T) {
	once, fourTimes := run("v1", holds), run("v2", broken)
	once.Report.Claims[0].Tries = nil
	fourTimes.Report.Claims[0].Tries = fourTimes.Report.Claims[0].Tries[:4]
	got := Compare(once, fourTimes).Headline()
	assert.Equal(t, got, Headline{failed, "No regression from BuildKit v1 to BuildKit v2 is known, but 1 claim differs and was tried too few times"})
}

// written leaves a run's report in its own folder.
func written(t *testing.T, r Run) string {
	t.Helper()
	dir := t.TempDir()
	_, err := r.Report.Write(dir)
	assert.NilError(t, err)
	return dir
}

func TestReportsOfSeveralMachinesBelongTogether(t *testing.T) {
	old, young, page := written(t, run("v1", holds, broken)), written(t, run("v2", holds, holds)), filepath.Join(t.TempDir(), "report.html")
	assert.NilError(t, os.WriteFile(page, nil, 0o600))
	d, err := Merge(old, page, young)
	assert.NilError(t, err)
	assert.Equal(t, len(d.Runs), 2, "the page is passed over")
	assert.Equal(t, d.Reports()[1].Subject.BuildKit.Version, "v2")
	assert.Equal(t, len(d.Seconds()), 2)

	_, err = Merge(old, young, written(t, run("v1", broken, broken)))
	assert.ErrorContains(t, err, "they are two reports of the same subject")
	other := run("v3", holds, holds)
	other.Report.Book = "other"
	_, err = Merge(old, written(t, other))
	assert.ErrorContains(t, err, "their claims are from different books")
}
