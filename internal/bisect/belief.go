package bisect

import (
	"math"

	"builders.test/internal/rate"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/combin"
)

// What is believed about a claim before it is tried: a broken one fails each time
// or, if it wavers, at any rate; a good one never fails or, if it does, rarely.
const (
	// steady is the probability that a broken claim fails each time.
	steady = 0.5
	// spotless is the probability that a good claim never fails, and rare says how
	// rarely others do: at a rate of 1/(1+rare) on average.
	spotless, rare = 0.7, 19
	// mistaken is the probability that the claim fails as often with the good release
	// as with the bad one, whatever the caller says.
	mistaken = 0.05
	// doubt is the probability of something unexpected.
	doubt = 0.002
)

// none stands for no release in which the claim broke: both ends are alike.
const none = 0

// belief is the probability, given what was counted with each release, that the
// claim broke in each of them.
type belief struct {
	// at has one entry per release: the probability that it is the first bad one. The
	// first release cannot be; its entry is the probability that none is. The entries
	// add up to 1.
	at []float64
	// log is the logarithm of the probability of the counts, for tries in one order.
	log float64
}

// believe weighs what was counted with each of the releases, in their order.
// Before any try, all releases but the first are equally likely to be the first
// bad one. The two rates of failure, below it and from it on, are unknown and not
// estimated: what the counts say is averaged over everything that they may be.
func believe(counts []rate.Count) belief {
	var below, above rate.Count
	for _, c := range counts {
		above = plus(above, c)
	}
	logs := make([]float64, len(counts))
	logs[none] = math.Log(mistaken) + logBeta(1, 1, above)
	prior := math.Log((1 - mistaken) / float64(len(counts)-1))
	for first := 1; first < len(counts); first++ {
		below, above = plus(below, counts[first-1]), minus(above, counts[first-1])
		logs[first] = prior + logGood(below) + logBad(above)
	}
	return weigh(logs)
}

// weigh turns logarithms of weights into probabilities.
func weigh(logs []float64) belief {
	b := belief{at: make([]float64, len(logs)), log: floats.LogSumExp(logs)}
	for i, l := range logs {
		b.at[i] = math.Exp(l - b.log)
	}
	return b
}

func plus(a, b rate.Count) rate.Count {
	return rate.Count{Failed: a.Failed + b.Failed, Asked: a.Asked + b.Asked}
}

func minus(a, b rate.Count) rate.Count {
	return rate.Count{Failed: a.Failed - b.Failed, Asked: a.Asked - b.Asked}
}

// logGood is the logarithm of the probability of a count below the release in
// which the claim broke, and logBad from there on.
func logGood(c rate.Count) float64 {
	p := (1 - spotless) * math.Exp(logBeta(1, rare, c))
	if c.Failed == 0 {
		p += spotless
	}
	return math.Log(p)
}

func logBad(c rate.Count) float64 {
	p := (1 - steady) * math.Exp(logBeta(1, 1, c))
	if c.Failed == c.Asked {
		p += steady
	}
	return math.Log(p)
}

// logBeta is the same if the rate itself is distributed as Beta(a, b).
func logBeta(a, b float64, c rate.Count) float64 {
	return mathext.Lbeta(a+float64(c.Failed), b+float64(c.Asked-c.Failed)) - mathext.Lbeta(a, b)
}

// bad returns the probability that the release at i is a bad one.
func (b belief) bad(i int) float64 {
	return floats.Sum(b.at[1 : i+1])
}

// decided reports whether there is hardly any doubt what the release at i is;
// asking it says next to nothing.
func (b belief) decided(i int) bool {
	bad := b.bad(i)
	return i > 0 && i < len(b.at)-1 && (bad < doubt || bad > 1-doubt)
}

// bits returns how much is unknown.
func (b belief) bits() float64 {
	return stat.Entropy(b.at) / math.Ln2
}

// gain returns how many bits the given number of tries with the release at i are
// expected to yield.
func (b belief) gain(counts []rate.Count, i, tries int) float64 {
	then := append([]rate.Count{}, counts...)
	expected := 0.0
	for failed := range tries + 1 {
		then[i] = plus(counts[i], rate.Count{Failed: failed, Asked: tries})
		after := believe(then)
		chance := float64(combin.Binomial(tries, failed)) * math.Exp(after.log-b.log)
		expected += chance * after.bits()
	}
	return b.bits() - expected
}

// enough returns how many tries show a failure with a probability of 95 % if the
// claim fails as often as it did with a bad release.
func enough(bad rate.Count) int {
	next := math.Exp(logBad(bad.Add(1)) - logBad(bad))
	return min(max(1, int(math.Ceil(math.Log(1-Sure)/math.Log(1-next)))), mostAhead)
}
