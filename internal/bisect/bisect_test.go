package bisect

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"builders.test/helpers/claim"
	"gotest.tools/v3/assert"
)

// world is a line of releases; each has a verdict, and judging is counted.
type world struct {
	verdicts map[string]claim.Verdict
	absent   []string
	judged   map[string]int
}

func (w *world) judge(_ context.Context, version string) (Finding, error) {
	w.judged[version]++
	if slices.Contains(w.absent, version) {
		return Finding{}, ErrAbsent
	}
	return Finding{Verdict: w.verdicts[version], Reason: "because"}, nil
}

func line(n, firstBad int) (*world, []string) {
	w := &world{verdicts: map[string]claim.Verdict{}, judged: map[string]int{}}
	var releases []string
	for i := range n {
		version := fmt.Sprintf("v0.%d.0", i)
		releases = append(releases, version)
		if i >= firstBad {
			w.verdicts[version] = claim.Broken
		}
	}
	return w, releases
}

func TestSearchFindsEveryPosition(t *testing.T) {
	for n := 2; n < 20; n++ {
		for bad := 1; bad < n; bad++ {
			w, releases := line(n, bad)
			answer, err := Search(t.Context(), releases, w.judge, func(Finding) {})
			assert.NilError(t, err)
			assert.Equal(t, answer.FirstBad.Version, releases[bad])
			assert.Equal(t, answer.LastGood.Version, releases[bad-1])
			assert.Assert(t, len(answer.Unjudged) == 0)
		}
	}
}

func TestSearchJudgesFew(t *testing.T) {
	w, releases := line(12, 7)
	_, err := Search(t.Context(), releases, w.judge, func(Finding) {})
	assert.NilError(t, err)
	assert.Assert(t, len(w.judged) <= 6, "12 releases, judged %v", w.judged)
}

func TestSearchWorksAroundWhatCannotBeJudged(t *testing.T) {
	w, releases := line(9, 5)
	w.verdicts["v0.4.0"] = claim.Error
	w.absent = []string{"v0.3.0", "v0.6.0"}
	answer, err := Search(t.Context(), releases, w.judge, func(Finding) {})
	assert.NilError(t, err)
	assert.Equal(t, answer.LastGood.Version, "v0.2.0")
	assert.Equal(t, answer.FirstBad.Version, "v0.5.0")
	assert.Equal(t, answer.Unjudged[0].Version, "v0.4.0")
	assert.Equal(t, w.judged["v0.3.0"], 1, "a release that does not exist is tried once")
}

func TestSearchSaysWhatIsWrong(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*world)
		want   string
	}{
		"good is bad":     {func(w *world) { w.verdicts["v0.0.0"] = claim.Broken }, "GOOD=v0.0.0 is not good: the claim failed there 4 of 4 times: because"},
		"good is unknown": {func(w *world) { w.absent = []string{"v0.0.0"} }, "GOOD=v0.0.0: there is no such release"},
		"bad is good":     {func(w *world) { w.verdicts["v0.8.0"] = claim.Holds }, "BAD=v0.8.0 is not bad: the claim holds there, 20 of 20 times"},
		"bad is an error": {func(w *world) { w.verdicts["v0.8.0"] = claim.Error }, "BAD=v0.8.0 cannot be judged: the verdict is error: because"},
	} {
		t.Run(name, func(t *testing.T) {
			w, releases := line(9, 5)
			tc.change(w)
			_, err := Search(t.Context(), releases, w.judge, func(Finding) {})
			assert.ErrorContains(t, err, tc.want)
		})
	}
}

// TestSearchIsNoDearerThanHalving allows as many tries as a search by halving that
// makes sure of both ends and asks the two releases of its answer again.
func TestSearchIsNoDearerThanHalving(t *testing.T) {
	for n := 2; n < 40; n++ {
		for bad := 1; bad < n; bad++ {
			w, releases := line(n, bad)
			answer, err := Search(t.Context(), releases, w.judge, func(Finding) {})
			assert.NilError(t, err)
			assert.Equal(t, answer.FirstBad.Version, releases[bad])
			halvings := int(math.Ceil(math.Log2(float64(n - 1))))
			assert.Check(t, answer.Tries <= 2+halvings+2, "%d releases, the first bad one is %d: %d tries, %v", n, bad, answer.Tries, w.judged)
			assert.Check(t, answer.Probability > 0.8, "%d releases, the first bad one is %d: %.3f sure", n, bad, answer.Probability)
			assert.Check(t, answer.LastGood.Asked > 1 && answer.FirstBad.Asked > 1, "the answer rests on one try: %v", w.judged)
		}
	}
}

// TestSearchGoesOnWhereAnAnswerFlips has a release that fails once and then holds:
// it is good, and the search notices that the claim wavers.
func TestSearchGoesOnWhereAnAnswerFlips(t *testing.T) {
	w, releases := line(9, 5)
	judge := func(ctx context.Context, version string) (Finding, error) {
		finding, err := w.judge(ctx, version)
		if version == "v0.4.0" && w.judged[version] == 1 {
			finding.Verdict = claim.Broken
		}
		return finding, err
	}
	answer, err := Search(t.Context(), releases, judge, func(Finding) {})
	assert.NilError(t, err)
	assert.Equal(t, answer.FirstBad.Version, "v0.5.0")
	assert.Equal(t, answer.LastGood.Version, "v0.4.0")
	assert.Equal(t, answer.LastGood.Failed, 1)
	assert.Assert(t, answer.Probability >= Sure, "%.3f", answer.Probability)
}

// TestSearchAsksAClaimThatWaversMoreOften has a claim that fails every third time.
func TestSearchAsksAClaimThatWaversMoreOften(t *testing.T) {
	w, releases := line(9, 5)
	judge := func(ctx context.Context, version string) (Finding, error) {
		finding, err := w.judge(ctx, version)
		if w.judged[version]%3 != 1 {
			finding.Verdict = claim.Holds
		}
		return finding, err
	}
	answer, err := Search(t.Context(), releases, judge, func(Finding) {})
	assert.NilError(t, err)
	assert.Equal(t, answer.FirstBad.Version, "v0.5.0")
	assert.Assert(t, answer.Probability >= Sure, "%.3f", answer.Probability)
	assert.Assert(t, answer.LastGood.Asked >= 5, "%s tries of the last good release do not tell", answer.LastGood.Count)
	assert.Equal(t, answer.FirstBad.Finding.Verdict, claim.Broken, "the evidence of the bad release is that of a failure")
	assert.Equal(t, answer.LastGood.Finding.Verdict, claim.Holds)
}

func TestSearchSaysThatBothEndsAreAlike(t *testing.T) {
	w, releases := line(9, 0)
	judge := func(ctx context.Context, version string) (Finding, error) {
		finding, err := w.judge(ctx, version)
		if w.judged[version]%2 == 0 {
			finding.Verdict = claim.Holds
		}
		return finding, err
	}
	_, err := Search(t.Context(), releases, judge, func(Finding) {})
	assert.ErrorContains(t, err, "GOOD=v0.0.0 and BAD=v0.8.0 do not differ: the claim failed")
}

// TestSearchTellsWhatItCannotTellApart has nothing between the ends that can be
// judged.
func TestSearchTellsWhatItCannotTellApart(t *testing.T) {
	w, releases := line(4, 2)
	w.verdicts["v0.1.0"], w.verdicts["v0.2.0"] = claim.Error, claim.NotApplicable
	answer, err := Search(t.Context(), releases, w.judge, func(Finding) {})
	assert.NilError(t, err)
	assert.Equal(t, answer.LastGood.Version, "v0.0.0")
	assert.Equal(t, answer.FirstBad.Version, "v0.3.0")
	assert.Equal(t, len(answer.Unjudged), 2)
	assert.Equal(t, w.judged["v0.1.0"], 1, "what cannot be judged is not asked again")
}

func TestSearchEndsWithTheWorld(t *testing.T) {
	_, releases := line(9, 5)
	gone := errors.New("the engine is gone")
	_, err := Search(t.Context(), releases, func(context.Context, string) (Finding, error) { return Finding{}, gone }, func(Finding) {})
	assert.ErrorIs(t, err, gone)
}

func TestBetween(t *testing.T) {
	known := []string{"v0.10.6", "v0.11.0", "v0.11.6", "v0.12.0-rc1", "v0.12.0", "v0.12.2", "v0.13.0"}
	releases, err := Between(known, "v0.11.5", "0.13.0")
	assert.NilError(t, err)
	assert.DeepEqual(t, releases, []string{"v0.11.5", "v0.11.6", "v0.12.0", "v0.12.1", "v0.12.2", "v0.13.0"})
	releases, err = Between([]string{"v0.17.1"}, "v0.17.0", "v0.19.0")
	assert.NilError(t, err)
	assert.DeepEqual(t, releases, []string{"v0.17.0", "v0.17.1", "v0.18.0", "v0.18.1", "v0.18.2", "v0.18.3", "v0.19.0"})
	_, err = Between(known, "v0.13.0", "v0.11.5")
	assert.ErrorContains(t, err, "not older")
	_, err = Between(known, "new", "v0.11.5")
	assert.ErrorContains(t, err, "GOOD=new is not a release")
}
