package bench

import (
	"fmt"
	"strings"
)

// goal is what a value should come to.
type goal struct {
	what, unit string
	// value computes it for a tree; zero runs mean that it is unknown.
	value func(s Set, tree string) Spread
	// most is the goal; if it is negative, its amount is the least that is enough.
	most float64
}

// of is a value of a figure as it was measured.
func of(figure string, v Value) func(Set, string) Spread {
	return func(s Set, tree string) Spread { return s.Of(figure, tree, v) }
}

var allGoals = []goal{
	{"`make check`, all claims", " s", of(Whole, wall), 120},
	{"… builds", "", of(Whole, builds), 300},
	{"… boots", "", of(Whole, boots), 60},
	{"… processor time", " s", of(Whole, cpu), 220},
	{"… the machine busy, until 5 s before the end", " %", of(Whole, busyEarly), -90},
	{"one more ordinary claim, processor time", " s", Set.oneMore, 1},
	{"`RUN=builders/arch`", " s", of(One, wall), 3},
	{"`RUN=builders`", " s", of(AChapter, wall), 7},
	{"first verdict on the screen", " s", of(Whole, first), 2},
	{"a second BuildKit in `matrix`, × the first", "", second(Pair), 0.85},
	{"a second BuildKit in `compare`, × the first", "", second(Compare), 0.85},
	{"memory of the harness", " MB", of(Whole, func(r Result) float64 { return r.HarnessMemory / 1e6 }), 100},
	{"against the same commands one after the other, ×", "", Set.againstSequence, 0.6},
}

// oneMore is what another claim adds.
func (s Set) oneMore(tree string) Spread {
	line := s.byClaims(tree, cpu)
	if !line.Known() {
		return Spread{}
	}
	return single(line.Each)
}

// second is what a second release adds to the time of the first. It compares medians.
func second(figure string) func(Set, string) Spread {
	return func(s Set, tree string) Spread {
		both, alone := s.Of(figure, tree, wall), s.Of(Whole, tree, wall)
		if both.N == 0 || alone.N == 0 {
			return Spread{}
		}
		return single((both.Median - alone.Median) / alone.Median)
	}
}

// againstSequence divides the time of a run by that of its commands, each alone.
func (s Set) againstSequence(tree string) Spread {
	run, sequence := s.Of(Whole, tree, wall), s.Of(Sequential, Now, commandTime)
	if run.N == 0 || sequence.N == 0 {
		return Spread{}
	}
	return single(run.Median / sequence.Median)
}

func single(v float64) Spread { return Spread{N: 1, Median: v, Least: v, Most: v} }

// verdict says whether the goal was reached.
func (g goal) verdict(v Spread) string {
	switch {
	case v.N == 0:
		return "–"
	case g.most >= 0 && v.Median <= g.most, g.most < 0 && v.Median >= -g.most:
		return "yes"
	}
	return "no"
}

func (g goal) text() string {
	if g.most < 0 {
		return fmt.Sprintf("≥ %g%s", -g.most, g.unit)
	}
	return fmt.Sprintf("≤ %g%s", g.most, g.unit)
}

// goals compares what was measured with what it should come to.
func (s Set) goals() string {
	var b strings.Builder
	b.WriteString("### Goals\n\n| what | before | now | goal | reached |\n|---|---|---|---|---|\n")
	for _, g := range allGoals {
		now := g.value(s, Now)
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", g.what, g.value(s, Before).text(g.unit), now.text(g.unit), g.text(), g.verdict(now))
	}
	return b.String()
}
