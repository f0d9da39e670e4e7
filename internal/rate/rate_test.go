package rate

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/combin"
	"gotest.tools/v3/assert"
)

// Fisher's lady tasting tea, the convicts' twins of R's documentation of
// fisher.test, and tables whose few ways can be counted by hand.
func TestFisherAgainstPublishedValues(t *testing.T) {
	for _, tc := range []struct {
		a, b Count
		want float64
	}{
		{Count{3, 4}, Count{1, 4}, 0.4857},
		{Count{4, 4}, Count{0, 4}, 0.02857},
		{Count{2, 12}, Count{15, 18}, 0.0005367}, // twins of convicts
		{Count{1, 12}, Count{9, 12}, 0.002759},
		{Count{5, 5}, Count{0, 5}, 0.007937},
		{Count{4, 4}, Count{0, 1}, 0.2},
		{Count{4, 4}, Count{0, 5}, 0.007937},
		{Count{1, 1}, Count{0, 1}, 1},
		{Count{0, 9}, Count{0, 3}, 1},
	} {
		for _, got := range []float64{Fisher(tc.a, tc.b), Fisher(tc.b, tc.a)} {
			assert.Assert(t, math.Abs(got-tc.want) <= 0.0005*tc.want, "%s against %s: p = %.5f, expected %.5f", tc.a, tc.b, got, tc.want)
		}
	}
}

func TestFisherHoldsForManyTries(t *testing.T) {
	p := Fisher(Count{200, 400}, Count{200, 400})
	assert.Assert(t, math.Abs(p-1) < 1e-12, "400 a side: p = %v", p)
}

func TestDecide(t *testing.T) {
	for _, tc := range []struct {
		a, b Count
		want Decision
		why  string
	}{
		{Count{0, 1}, Count{4, 4}, Open, "p = 0.2"},
		{Count{0, 4}, Count{4, 4}, Open, "p = 0.03"},
		{Count{0, 5}, Count{4, 4}, Differ, "p = 0.008"},
		{Count{4, 4}, Count{0, 5}, Differ, "p = 0.008, the other way round"},
		{Count{0, 5}, Count{5, 5}, Differ, "p = 0.008"},
		{Count{0, 5}, Count{3, 5}, Open, "p = 0.17"},
		{Count{0, 7}, Count{6, 7}, Open, "p = 0.005, but nobody looks at 7"},
		{Count{0, 10}, Count{7, 10}, Differ, "p = 0.003"},
		{Count{0, 10}, Count{6, 10}, Open, "p = 0.0108 is not below"},
		{Count{0, 10}, Count{5, 10}, Open, "p = 0.03"},
		{Count{0, 20}, Count{7, 20}, Differ, "p = 0.008"},
		{Count{0, 20}, Count{6, 20}, Alike, "p = 0.02, and nobody asks more often"},
		{Count{4, 15}, Count{5, 15}, Alike, "neither 20 of 20 nor none of them helps any more"},
		{Count{0, 15}, Count{2, 15}, Open, "7 of 20 is possible"},
		{Count{0, 15}, Count{1, 15}, Alike, "7 of 20 is not possible any more"},
		{Count{0, 0}, Count{1, 1}, Open, "one side was not asked"},
	} {
		assert.Equal(t, Decide(tc.a, tc.b), tc.want, "%s against %s: %s, p = %.4f", tc.a, tc.b, tc.why, Fisher(tc.a, tc.b))
		assert.Equal(t, Decide(tc.b, tc.a), tc.want, "%s against %s: the sides are not exchangeable", tc.b, tc.a)
	}
}

func TestTurnIsThatOfTheSideAskedLess(t *testing.T) {
	assert.Assert(t, FirstIsNext(Count{0, 1}, Count{4, 4}))
	assert.Assert(t, !FirstIsNext(Count{1, 4}, Count{0, 1}))
	assert.Assert(t, FirstIsNext(Count{1, 4}, Count{2, 4}), "the sides are asked by turns, the first one first")
}

func TestCountsSayWhatTheyAre(t *testing.T) {
	assert.Equal(t, Count{7, 8}.String(), "7 of 8")
	assert.Assert(t, Count{0, 3}.Never() && Count{3, 3}.Always() && Count{1, 3}.Wavers())
	assert.Assert(t, !Count{}.Never() && !Count{}.Always() && !Count{}.Wavers(), "nobody asked")
	assert.Assert(t, Count{1, 2}.More(Count{2, 5}) && !Count{2, 4}.More(Count{1, 2}))
}

// pair is what was counted on both sides.
type pair struct{ a, b Count }

// fate is what becomes of a claim on average: how probable it is that the sides are
// distinguished, one way or the other, and how many tries that costs. It is
// computed, not drawn at random.
type fate struct{ more, less, tries float64 }

// follow adds up every way that the tries can go for a claim that fails at rate a
// on one side and at rate b on the other, if they are made as compare does.
func follow(a, b float64, decide func(a, b Count) Decision) fate {
	var f fate
	for now := start(a, b); len(now) > 0; {
		next := map[pair]float64{}
		for at, chance := range now {
			if decision := decide(at.a, at.b); decision != Open {
				f.end(at, decision, chance)
				continue
			}
			f.tries += chance
			if FirstIsNext(at.a, at.b) {
				next[pair{at.a.Add(0), at.b}] += chance * (1 - a)
				next[pair{at.a.Add(1), at.b}] += chance * a
				continue
			}
			next[pair{at.a, at.b.Add(0)}] += chance * (1 - b)
			next[pair{at.a, at.b.Add(1)}] += chance * b
		}
		now = next
	}
	return f
}

// remember keeps decisions, which are asked for again and again.
func remember(decide func(a, b Count) Decision) func(a, b Count) Decision {
	known := map[pair]Decision{}
	return func(a, b Count) Decision {
		at := pair{a, b}
		decision, found := known[at]
		if !found {
			decision = decide(a, b)
			known[at] = decision
		}
		return decision
	}
}

func (f *fate) end(at pair, decision Decision, chance float64) {
	switch {
	case decision == Alike:
	case at.b.More(at.a):
		f.more += chance
	default:
		f.less += chance
	}
}

// start returns the state after the first runs: what holds was asked once, what
// failed four times. If both hold, or both fail, no one asks again.
func start(a, b float64) map[pair]float64 {
	all := map[pair]float64{}
	for one, x := range firstTries(a) {
		for other, y := range firstTries(b) {
			if one.Never() && other.Never() || one.Always() && other.Always() {
				continue
			}
			all[pair{one, other}] += x * y
		}
	}
	return all
}

func firstTries(rate float64) map[Count]float64 {
	counts := map[Count]float64{{0, 1}: 1 - rate}
	for failed := range 4 {
		ways := float64(combin.Binomial(3, failed))
		counts[Count{1 + failed, 4}] = ways * math.Pow(rate, float64(1+failed)) * math.Pow(1-rate, float64(3-failed))
	}
	return counts
}

func TestEqualRatesAreSeldomToldApart(t *testing.T) {
	worst, worstRegressed := 0.0, 0.0
	decide := remember(Decide)
	for percent := 1; percent < 100; percent++ {
		rate := float64(percent) / 100
		f := follow(rate, rate, decide)
		worst, worstRegressed = max(worst, f.more+f.less), max(worstRegressed, f.more)
		if percent == 10 || percent == 30 || percent == 50 {
			t.Logf("both fail at %.1f: regressed %.2f %%, fixed %.2f %%, %.1f tries", rate, 100*f.more, 100*f.less, f.tries)
		}
	}
	t.Logf("at worst: told apart %.2f %%, regressed %.2f %%", 100*worst, 100*worstRegressed)
	assert.Assert(t, worst <= Level, "equal rates are told apart in %.2f %%, more than the level says", 100*worst)
	assert.Assert(t, worstRegressed <= Level/2, "equal rates are called regressed in %.2f %%", 100*worstRegressed)
}

// TestLookingAfterEachTryIsWorse shows that the check above can fail, and why the
// test is not evaluated after each try.
func TestLookingAfterEachTryIsWorse(t *testing.T) {
	f := follow(0.5, 0.5, remember(func(a, b Count) Decision {
		switch {
		case Fisher(a, b) < Level:
			return Differ
		case min(a.Asked, b.Asked) >= Most:
			return Alike
		}
		return Open
	}))
	t.Logf("told apart %.2f %%", 100*(f.more+f.less))
	assert.Assert(t, f.more+f.less > Level, "equal rates are told apart in %.2f %% only", 100*(f.more+f.less))
}

func TestWhatDiffersIsToldApart(t *testing.T) {
	for _, tc := range []struct{ before, after, least, tries float64 }{
		{0, 1, 1, 4}, {0, 0.9, 0.99, 10}, {0, 0.7, 0.99, 20}, {0, 0.5, 0.95, 30}, {0.1, 0.8, 0.98, 20},
	} {
		f := follow(tc.before, tc.after, Decide)
		inQuestion := 0.0
		for _, chance := range start(tc.before, tc.after) {
			inQuestion += chance
		}
		regressed, tries := f.more/inQuestion, f.tries/inQuestion
		t.Logf("%.1f to %.1f: %.1f %% regressed, %.1f tries", tc.before, tc.after, 100*regressed, tries)
		assert.Assert(t, regressed >= tc.least, "from %.1f to %.1f: regressed in %.1f %%", tc.before, tc.after, 100*regressed)
		assert.Assert(t, tries <= tc.tries+1e-9, "from %.1f to %.1f: %.1f tries", tc.before, tc.after, tries)
	}
}

func TestAskingEnds(t *testing.T) {
	for a := range Most + 1 {
		for b := range Most + 1 {
			decision := Decide(Count{a, Most}, Count{b, Most})
			assert.Check(t, decision != Open, "%d against %d of %d", a, b, Most)
		}
	}
}
