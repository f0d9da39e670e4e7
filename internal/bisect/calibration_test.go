package bisect

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"builders.test/helpers/claim"
	"gotest.tools/v3/assert"
)

// history is a line of releases as the world might have made it: from one release
// on, a claim fails at one rate, and below it at a lower one. Some releases
// cannot be judged, or do not exist.
type history struct {
	releases  []string
	firstBad  int
	good, bad float64
	mute      map[string]bool
	absent    map[string]bool
	chance    *rand.Rand
}

// newHistory makes a history of 8 to 40 releases. The claim fails each time, or at
// a rate from 0.2 to 1; with a good release it never fails, or in up to 5 of 100
// tries.
func newHistory(chance *rand.Rand) *history {
	h := &history{bad: 1, mute: map[string]bool{}, absent: map[string]bool{}, chance: chance}
	n := 8 + chance.IntN(33)
	for i := range n {
		version := fmt.Sprintf("v0.%d.0", i)
		h.releases = append(h.releases, version)
		ends := i == 0 || i == n-1
		h.mute[version] = !ends && chance.Float64() < 0.15
		h.absent[version] = !ends && !h.mute[version] && chance.Float64() < 0.1
	}
	// What does not exist breaks nothing.
	for h.firstBad == 0 || h.absent[h.releases[h.firstBad]] {
		h.firstBad = 1 + chance.IntN(n-1)
	}
	if chance.IntN(2) > 0 {
		h.bad = 0.2 + 0.8*chance.Float64()
	}
	if chance.IntN(3) == 0 {
		h.good = 0.05 * chance.Float64()
	}
	return h
}

func (h *history) judge(_ context.Context, version string) (Finding, error) {
	at := 0
	for h.releases[at] != version {
		at++
	}
	rate := h.good
	if at >= h.firstBad {
		rate = h.bad
	}
	switch {
	case h.absent[version]:
		return Finding{}, ErrAbsent
	case h.mute[version]:
		return Finding{Verdict: claim.Error, Reason: "it cannot be built"}, nil
	case h.chance.Float64() < rate:
		return Finding{Verdict: claim.Broken}, nil
	}
	return Finding{Verdict: claim.Holds}, nil
}

// within reports whether the claim broke where a change says.
func (h *history) within(c Change) bool {
	good, bad := 0, 0
	for i, version := range h.releases {
		if version == c.LastGood.Version {
			good = i
		}
		if version == c.FirstBad.Version {
			bad = i
		}
	}
	return good < h.firstBad && h.firstBad <= bad
}

// said is how sure an answer was, whether the claim was seen to waver, and whether
// the answer was right.
type said struct {
	sure   float64
	wavers bool
	right  bool
}

// askHistories bisects many histories.
func askHistories(t *testing.T, n int, seed uint64) (answers []said, tries int) {
	chance := rand.New(rand.NewPCG(seed, 14))
	for range n {
		h := newHistory(chance)
		answer, err := Search(t.Context(), h.releases, h.judge, func(Finding) {})
		assert.NilError(t, err, "fails in %.0f %% below and %.0f %% from %s on", 100*h.good, 100*h.bad, h.releases[h.firstBad])
		answers = append(answers, said{answer.Probability, answer.Wavers, h.within(answer.Change)})
		tries += answer.Tries
	}
	return answers, tries
}

// bin collects the answers that has accepts.
type bin struct {
	name               string
	has                func(said) bool
	said, right        int
	expected, variance float64
}

func (b bin) String() string {
	return fmt.Sprintf("%s: of %d answers %.1f should be right, %d are", b.name, b.said, b.expected, b.right)
}

// off is by how many standard deviations the answers were right too often or too
// seldom.
func (b bin) off() float64 {
	// Sure answers hardly vary, but they are whole numbers.
	return (float64(b.right) - b.expected) / math.Sqrt(b.variance+0.25)
}

// bins sorts answers by what they said and by what was seen.
func bins(answers []said) []bin {
	all := []bin{
		{name: "up to 80 % sure", has: func(a said) bool { return a.sure < 0.8 }},
		{name: "80 to 95 % sure", has: func(a said) bool { return a.sure >= 0.8 && a.sure < 0.95 }},
		{name: "95 to 97.5 % sure", has: func(a said) bool { return a.sure >= 0.95 && a.sure < 0.975 }},
		{name: "surer than that", has: func(a said) bool { return a.sure >= 0.975 }},
		{name: "it wavers", has: func(a said) bool { return a.wavers }},
		{name: "it fails each time", has: func(a said) bool { return !a.wavers }},
		{name: "all", has: func(said) bool { return true }},
	}
	for i := range all {
		for _, a := range answers {
			if all[i].has(a) {
				all[i].add(a)
			}
		}
	}
	return all
}

func (b *bin) add(a said) {
	b.said++
	b.expected += a.sure
	b.variance += a.sure * (1 - a.sure)
	if a.right {
		b.right++
	}
}

// tolerated is how many standard deviations a bin may be off. By chance, that
// happens in one bin of seven hundred.
const tolerated = 3.2

// miscalibrated returns the first bin whose answers are right more or less often than
// they say, or nil.
func miscalibrated(answers []said) *bin {
	for _, b := range bins(answers) {
		if math.Abs(b.off()) > tolerated {
			return &b
		}
	}
	return nil
}

func TestTheStatedProbabilityIsHowOftenItIsRight(t *testing.T) {
	answers, tries := askHistories(t, 200, 1)
	for _, b := range bins(answers) {
		t.Logf("%s, off by %.1f σ", b, b.off())
	}
	t.Logf("%.1f tries each", float64(tries)/float64(len(answers)))
	if b := miscalibrated(answers); b != nil {
		t.Errorf("%s", b)
	}
	// The same answers, made to boast or to be shy, show that this can fail.
	boasting, shy := slices.Clone(answers), slices.Clone(answers)
	for i, a := range answers {
		boasting[i].sure = 1 - (1-a.sure)/8
		shy[i].sure = 1 - (1-a.sure)*4
	}
	assert.Assert(t, miscalibrated(boasting) != nil, "the same answers pass if they claim to be wrong an eighth as often")
	assert.Assert(t, miscalibrated(shy) != nil, "the same answers pass if they claim to be wrong four times as often")
}
