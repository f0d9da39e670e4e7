package matrix

import (
	"encoding/json"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

// on returns a subject, given by what distinguishes columns.
func on(buildkit, buildx, driver, store string) report.Subject {
	return report.Subject{
		BuildKit: subject.BuildKit{Version: buildkit},
		Buildx:   subject.Buildx{Version: buildx},
		Driver:   driver,
		Engine:   subject.Engine{Store: store},
	}
}

func release(version string) report.Subject {
	return on(version, "v0.38.2", "docker-container", "containerd")
}

func TestLabelsNameWhatDiffers(t *testing.T) {
	older, newer := release("v0.11.5"), release("v0.34.2")
	overlay := on("v0.34.2", "v0.38.2", "docker-container", "overlay2")
	otherKernel := newer
	otherKernel.Host.Kernel = "6.1"
	older.BuildKit.Runc, newer.BuildKit.Runc = "1.1", "1.5"
	for name, tc := range map[string]struct {
		subjects    []report.Subject
		long, short []string
	}{
		"one run":       {[]report.Subject{older}, []string{"BuildKit v0.11.5"}, []string{"v0.11.5"}},
		"two releases":  {[]report.Subject{older, newer}, []string{"BuildKit v0.11.5", "BuildKit v0.34.2"}, []string{"v0.11.5", "v0.34.2"}},
		"two stores":    {[]report.Subject{newer, overlay}, []string{"containerd store", "overlay2 store"}, []string{"containerd", "overlay2"}},
		"both":          {[]report.Subject{older, overlay}, []string{"BuildKit v0.11.5, containerd store", "BuildKit v0.34.2, overlay2 store"}, []string{"v0.11.5 · containerd", "v0.34.2 · overlay2"}},
		"two kernels":   {[]report.Subject{newer, otherKernel}, []string{"kernel unknown", "kernel 6.1"}, []string{"unknown", "6.1"}},
		"the same":      {[]report.Subject{newer, newer}, []string{"BuildKit v0.34.2", "BuildKit v0.34.2 (2)"}, []string{"v0.34.2", "v0.34.2 (2)"}},
		"some the same": {[]report.Subject{older, newer, newer}, []string{"BuildKit v0.11.5", "BuildKit v0.34.2", "BuildKit v0.34.2 (2)"}, []string{"v0.11.5", "v0.34.2", "v0.34.2 (2)"}},
		"no run at all": {},
	} {
		t.Run(name, func(t *testing.T) {
			var long, short []string
			for _, l := range labels(tc.subjects) {
				long, short = append(long, l.long), append(short, l.short)
			}
			assert.DeepEqual(t, long, tc.long)
			assert.DeepEqual(t, short, tc.short)
		})
	}
}

func TestRowsHaveEveryClaimChapterByChapter(t *testing.T) {
	older := report.New(release("v0.11.5"), []report.Claim{
		{ID: "a/gone", Chapter: "a", Text: "old"}, {ID: "a/both", Chapter: "a", Text: "old"},
	})
	newer := report.New(release("v0.34.2"), []report.Claim{
		{ID: "a/both", Chapter: "a", Text: "new", Verdict: claim.Error}, {ID: "b/new", Chapter: "b"},
	})
	table := New(older, newer)
	var got []string
	for _, row := range table.Rows {
		got = append(got, row.ID)
	}
	assert.DeepEqual(t, got, []string{"a/both", "a/gone", "b/new"})
	assert.Equal(t, table.Rows[0].Text, "new")
	assert.Equal(t, table.Rows[0].Standing(), report.Error)
	assert.Assert(t, table.Rows[1].Cells[1] == nil)
	assert.Equal(t, table.Rows[1].Cells[0].Text, "old")
	assert.DeepEqual(t, table.Count(), report.Summary{Holds: 2, Error: 1})
	assert.Equal(t, table.Columns[1].Label, "BuildKit v0.34.2")
	assert.DeepEqual(t, table.Columns[1].Summary, newer.Summary)
}

func TestRanges(t *testing.T) {
	const (
		holds   = claim.Holds
		skipped = claim.NotApplicable
		failed  = claim.Error
		broken  = claim.Broken
		unsure  = claim.Unsteady
	)
	releases := []string{"v0.11.5", "v0.20.2", "v0.34.2"}
	for name, tc := range map[string]struct {
		verdicts []claim.Verdict
		want     []Range
		words    string
	}{
		"never broken":          {[]claim.Verdict{holds, skipped, failed}, nil, ""},
		"broken at the end":     {[]claim.Verdict{holds, holds, broken}, []Range{{2, 2, 1, None}}, "broken since v0.34.2"},
		"unknown in between":    {[]claim.Verdict{holds, failed, broken}, []Range{{2, 2, 0, None}}, "broken since ≤ v0.34.2 (last good v0.11.5)"},
		"broken twice":          {[]claim.Verdict{broken, holds, broken}, []Range{{0, 0, None, 1}, {2, 2, 1, None}}, "broken since ≤ v0.11.5, fixed in v0.20.2; broken since v0.34.2"},
		"broken in the midst":   {[]claim.Verdict{holds, broken, holds}, []Range{{1, 1, 0, 2}}, "broken since v0.20.2, fixed in v0.34.2"},
		"unsteady is not bad":   {[]claim.Verdict{holds, unsure, broken}, []Range{{2, 2, 0, None}}, "broken since ≤ v0.34.2 (last good v0.11.5)"},
		"unsteady is not good":  {[]claim.Verdict{unsure, broken, holds}, []Range{{1, 1, None, 2}}, "broken since ≤ v0.20.2, fixed in v0.34.2"},
		"unsteady amid it":      {[]claim.Verdict{broken, unsure, broken}, []Range{{0, 2, None, None}}, "broken since ≤ v0.11.5"},
		"fixed some time later": {[]claim.Verdict{broken, skipped, holds}, []Range{{0, 0, None, 2}}, "broken since ≤ v0.11.5, fixed in ≤ v0.34.2 (last bad v0.11.5)"},
		"unsteady to the end":   {[]claim.Verdict{holds, holds, unsure}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			table := New(judged(releases, tc.verdicts)...).Knowing(releases)
			assert.DeepEqual(t, table.Rows[0].Ranges, tc.want)
			assert.Equal(t, words(table), tc.words)
		})
	}
}

func words(t Table) string {
	var all []string
	for _, r := range t.Rows[0].Ranges {
		all = append(all, t.Words(r))
	}
	return strings.Join(all, "; ")
}

// Without a list of releases, or with one between two columns, nobody can say in which it
// broke.
func TestRangesNeverGuess(t *testing.T) {
	table := New(judged([]string{"v0.16.0", "v0.18.0", "v0.20.0"}, []claim.Verdict{claim.Holds, claim.Broken, claim.Holds})...)
	for _, releases := range [][]string{nil, {"v0.16.0", "v0.17.0", "v0.18.0", "v0.18.1", "v0.20.0"}, {"v0.18.0"}} {
		assert.Equal(t, words(table.Knowing(releases)), "broken since ≤ v0.18.0 (last good v0.16.0), fixed in ≤ v0.20.0 (last bad v0.18.0)")
	}
	assert.Equal(t, words(table.Knowing([]string{"v0.16.0", "v0.17.0-rc1", "v0.18.0", "v0.20.0"})), "broken since v0.18.0, fixed in v0.20.0")
}

// Both have a v0.13.0 and a v0.14.0.
func TestReleasesOfBuildKitSayNothingAboutBuildx(t *testing.T) {
	only := func(v claim.Verdict) []report.Claim { return []report.Claim{{ID: "a/b", Chapter: "a", Verdict: v}} }
	table := New(
		report.New(on("v0.34.2", "v0.13.0", "d", "s"), only(claim.Holds)),
		report.New(on("v0.34.2", "v0.14.0", "d", "s"), only(claim.Broken)),
	).Knowing([]string{"v0.13.0", "v0.14.0"})
	assert.Equal(t, words(table), "broken since ≤ v0.14.0 (last good v0.13.0)")
}

func TestEvents(t *testing.T) {
	table := New(judged([]string{"v0.16.0", "v0.18.0", "v0.20.0", "v0.21.0"}, []claim.Verdict{claim.Holds, claim.Broken, claim.Holds, claim.Broken})...).
		Knowing([]string{"v0.16.0", "v0.17.0", "v0.18.0", "v0.20.0", "v0.21.0"})
	encoded, err := json.MarshalIndent(table.Events(), "", "  ")
	assert.NilError(t, err)
	golden.Assert(t, string(encoded)+"\n", "events.json")
}

func TestSort(t *testing.T) {
	subjects := []report.Subject{
		release("v0.32.0"), on("v0.17.0", "v0.38.2", "d", "b"), on("main", "v0.38.2", "d", "b"), on("v0.17.0", "v0.38.2", "d", "a"), on("v0.17.0", "v0.9.1", "d", "b"),
	}
	Sort(subjects, func(s report.Subject) report.Subject { return s })
	var got []string
	for _, s := range subjects {
		got = append(got, s.BuildKit.Version+" "+s.Buildx.Version+" "+s.Engine.Store)
	}
	assert.DeepEqual(t, got, []string{"v0.17.0 v0.9.1 b", "v0.17.0 v0.38.2 b", "v0.17.0 v0.38.2 a", "v0.32.0 v0.38.2 containerd", "main v0.38.2 b"})
}

// judged returns one report per version on a single claim.
func judged(versions []string, verdicts []claim.Verdict) []report.Report {
	var reports []report.Report
	for i, version := range versions {
		reports = append(reports, report.New(release(version), []report.Claim{{ID: "a/b", Chapter: "a", Verdict: verdicts[i]}}))
	}
	return reports
}

func TestRangesAreFoundAlongOneVersion(t *testing.T) {
	only := func(v claim.Verdict) []report.Claim { return []report.Claim{{ID: "a/b", Chapter: "a", Verdict: v}} }
	grid := New(
		report.New(on("v1", "x", "d", "containerd"), only(claim.Holds)),
		report.New(on("v1", "x", "d", "overlay2"), only(claim.Broken)),
		report.New(on("v2", "x", "d", "containerd"), only(claim.Broken)),
		report.New(on("v2", "x", "d", "overlay2"), only(claim.Broken)),
	)
	assert.DeepEqual(t, grid.Rows[0].Ranges, []Range{{2, 2, 0, None}, {1, 3, None, None}})

	stores := New(
		report.New(on("v1", "x", "d", "containerd"), only(claim.Holds)),
		report.New(on("v1", "x", "d", "overlay2"), only(claim.Broken)),
	)
	assert.Assert(t, stores.Rows[0].Ranges == nil, "no store comes before the other")

	plugins := New(
		report.New(on("v1", "x1", "d", "s"), only(claim.Holds)),
		report.New(on("v1", "x2", "d", "s"), only(claim.Broken)),
	)
	assert.DeepEqual(t, plugins.Rows[0].Ranges, []Range{{1, 1, 0, None}})
}

func TestStandingOfARow(t *testing.T) {
	cell := func(v claim.Verdict) *report.Claim { return &report.Claim{Verdict: v} }
	known := &report.Claim{Verdict: claim.Broken, Known: "x/y#1, fixed in v2"}
	for _, tc := range []struct {
		cells []*report.Claim
		want  report.Standing
	}{
		{[]*report.Claim{cell(claim.Holds), nil, cell(claim.NotApplicable)}, report.Holds},
		{[]*report.Claim{cell(claim.NotApplicable), nil}, report.NotApplicable},
		{[]*report.Claim{cell(claim.Holds), cell(claim.Error), cell(claim.NotApplicable)}, report.Error},
		{[]*report.Claim{cell(claim.Error), cell(claim.Broken)}, report.Broken},
		{[]*report.Claim{cell(claim.Holds), known}, report.Known},
		{[]*report.Claim{known, cell(claim.Broken)}, report.Broken},
		{[]*report.Claim{known, cell(claim.Unsteady)}, report.Unsteady},
		{[]*report.Claim{cell(claim.Holds), cell(claim.Unsteady)}, report.Unsteady},
	} {
		assert.Equal(t, Row{Cells: tc.cells}.Standing(), tc.want)
	}
}

func TestAFixWhereAFaultIsKnownIsSeen(t *testing.T) {
	assert.Assert(t, Row{Cells: []*report.Claim{nil, {FixedHere: "x/y#1"}}}.FixedHere())
	assert.Assert(t, !Row{Cells: []*report.Claim{nil, {}}}.FixedHere())
}

// The claim goes bad even in a release that is known for the fault.
func TestAKnownFaultHasARange(t *testing.T) {
	reports := judged([]string{"v0.11.5", "v0.20.2", "v0.34.2"}, []claim.Verdict{claim.Holds, claim.Broken, claim.Holds})
	reports[1].Claims[0].Known = "x/y#1, fixed in v0.20.3"
	assert.DeepEqual(t, New(reports...).Rows[0].Ranges, []Range{{1, 1, 0, 2}})
}
