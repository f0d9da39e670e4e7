// Package rate counts how often a claim failed and tests whether two such counts
// differ.
//
// The test is Fisher's, exact and two-sided, at the level [Level]. Evaluated after
// each try until it finds a difference, it is wrong more often than the level says:
// it would find one for 2.2 % of claims that fail half of the time on both sides. So
// it is evaluated only three times, at 5, 10 and 20 tries per side. Then, at any
// rate, it finds a difference for at most 0.9 % of claims that fail at equal rates,
// half of them regressed and half fixed; 0.5 % if both fail at 0.3, 0.03 % at 0.1.
// TestEqualRatesAreSeldomToldApart computes that exactly, without drawing at random.
package rate

import (
	"fmt"
	"math/big"
)

const (
	// Level is what the test's probability must stay below.
	Level = 0.01
	// Most is how often a side is asked at most.
	Most = 20
)

// Count is how often a claim failed, out of how often it was asked.
type Count struct {
	Failed int
	Asked  int
}

// String is "7 of 8".
func (c Count) String() string { return fmt.Sprintf("%d of %d", c.Failed, c.Asked) }

// Add returns the count after one more try.
func (c Count) Add(failed int) Count { return Count{c.Failed + failed, c.Asked + 1} }

// Never reports whether it was asked and never failed.
func (c Count) Never() bool { return c.Asked > 0 && c.Failed == 0 }

// Always reports whether it was asked and failed each time.
func (c Count) Always() bool { return c.Asked > 0 && c.Failed == c.Asked }

// Wavers reports whether it failed some of the time.
func (c Count) Wavers() bool { return !c.Never() && !c.Always() && c.Asked > 0 }

// More reports whether c failed at a higher rate than other. Both must have been asked.
func (c Count) More(other Count) bool { return c.Failed*other.Asked > other.Failed*c.Asked }

// Fisher returns the probability that two claims that fail at the same rate
// differ as much as a and b do, or more, given how often they failed together:
// Fisher's exact test, two-sided.
func Fisher(a, b Count) float64 {
	failed := a.Failed + b.Failed
	seen := ways(a, b, a.Failed)
	extreme := new(big.Int)
	for ofA := max(0, failed-b.Asked); ofA <= min(failed, a.Asked); ofA++ {
		if n := ways(a, b, ofA); n.Cmp(seen) <= 0 {
			extreme.Add(extreme, n)
		}
	}
	p, _ := new(big.Rat).SetFrac(extreme, choose(a.Asked+b.Asked, failed)).Float64()
	return p
}

// ways is in how many ways the failures of both can fall so that a has ofA of
// them. They are integers, so that what is equally likely compares as equal.
func ways(a, b Count, ofA int) *big.Int {
	return new(big.Int).Mul(choose(a.Asked, ofA), choose(b.Asked, a.Failed+b.Failed-ofA))
}

func choose(n, k int) *big.Int { return new(big.Int).Binomial(int64(n), int64(k)) }

// Decision is what two counts say about two rates.
type Decision int

const (
	// Open: the sides must be asked again.
	Open Decision = iota
	// Differ: the rates differ.
	Differ
	// Alike: no difference was shown, and asking is over.
	Alike
)

// Decide says what follows from two counts. It depends on the counts alone, so
// that a report that is read again says the same.
func Decide(a, b Count) Decision {
	switch {
	case lookedAt(a, b) && Fisher(a, b) < Level:
		return Differ
	case min(a.Asked, b.Asked) >= Most || hopeless(a, b):
		return Alike
	}
	return Open
}

// lookedAt reports whether the test is applied at this many tries. 4 against 5
// belongs to the first look: what failed 4 of 4 need not fail a fifth time.
func lookedAt(a, b Count) bool {
	fewer, both := min(a.Asked, b.Asked), a.Asked+b.Asked
	return fewer >= Most || fewer >= 4 && (both == 9 || both == 10 || both == 20)
}

// hopeless reports whether the remaining tries can no longer show a difference,
// whatever comes of them.
func hopeless(a, b Count) bool {
	if min(a.Asked, b.Asked) <= 10 {
		return false // the next look is not the last
	}
	return Fisher(a.failing(), b.holding()) >= Level && Fisher(a.holding(), b.failing()) >= Level
}

// failing is the count if all remaining tries fail, and holding if none does.
func (c Count) failing() Count { return Count{c.Failed + max(0, Most-c.Asked), max(Most, c.Asked)} }
func (c Count) holding() Count { return Count{c.Failed, max(Most, c.Asked)} }

// FirstIsNext reports whose turn it is if the decision is [Open]: that of the
// side that was asked less often, or of the first if both were asked equally
// often.
func FirstIsNext(first, second Count) bool { return first.Asked <= second.Asked }
