package bench

import (
	"fmt"
	"strings"
)

// size is how many claims the runs of a figure tested.
func (s Set) size(figure string) float64 { return s.Of(figure, Now, claims).Median }

// byClaims and byReleases are the lines of growth: against the number of claims of a
// check, and against the number of releases.
func (s Set) byClaims(tree string, v Value) Line {
	figures := []string{Whole}
	for _, n := range claimSteps {
		figures = append(figures, ofClaims(n))
	}
	return s.Fit(tree, v, func(figure string) float64 { return s.Of(figure, tree, claims).Median }, figures...)
}

func (s Set) byReleases(tree string, v Value) Line {
	var figures []string
	sizes := map[string]float64{}
	for _, n := range releaseSteps {
		figures = append(figures, ofReleases(n))
		sizes[ofReleases(n)] = float64(n)
	}
	return s.Fit(tree, v, func(figure string) float64 { return sizes[figure] }, figures...)
}

// growth shows how time, processor time and memory grow.
func (s Set) growth() string {
	var b strings.Builder
	b.WriteString("### Growth\n\n| | claims tested | seconds | processor-seconds | memory of harness |\n|---|---|---|---|---|\n")
	rows := 0
	row := func(name, figure string) {
		if s.Of(figure, Now, wall).N == 0 {
			return
		}
		rows++
		fmt.Fprintf(&b, "| %s | %.0f | %s | %s | %s |\n", name, s.size(figure), s.Of(figure, Now, wall).text(""), s.Of(figure, Now, cpu).text(""), s.Of(figure, Now, harness).bytes())
	}
	for _, n := range claimSteps {
		row(fmt.Sprintf("%d claims", n), ofClaims(n))
	}
	row("all claims", Whole)
	for _, n := range releaseSteps {
		row(fmt.Sprintf("%d claims, releases: %d", claimSteps[0], n), ofReleases(n))
	}
	if rows == 0 {
		return ""
	}
	if line := s.byClaims(Now, cpu); line.Known() {
		time := s.byClaims(Now, wall)
		fmt.Fprintf(&b, "\nBy claims: %.1f + %.2f n processor-seconds, %.1f + %.2f n seconds.", line.Fixed, line.Each, time.Fixed, time.Each)
	}
	if line := s.byReleases(Now, cpu); line.Known() {
		time := s.byReleases(Now, wall)
		fmt.Fprintf(&b, "\nBy releases, %d claims each: %.1f + %.1f r processor-seconds, %.1f + %.1f r seconds.", claimSteps[0], line.Fixed, line.Each, time.Fixed, time.Each)
	}
	b.WriteString("\n")
	return b.String()
}

// assumedBusy is the share of many processors that is assumed to be used.
const assumedBusy = 0.9

// paper computes what more processors would do. It is arithmetic, not a measurement.
func (s Set) paper() string {
	used := s.Of(Whole, Now, cpu)
	if used.N == 0 {
		return ""
	}
	longest := s.Of(Whole, Now, func(r Result) float64 { return r.Longest }).Median
	fixed := s.Of(One, Now, wall).Median
	var b strings.Builder
	fmt.Fprintf(&b, "### On paper\n\nP = %.0f processor-seconds for a cell of all claims, L = %.1f s for the longest claim, F = %.1f s for a run with one claim.\n\n", used.Median, longest, fixed)
	b.WriteString("| processors c | cells per hour, 3600 × 0.9 × c / P | one cell takes at least max(F + L, P / (0.9 × c)) | cells at a time that keep them busy |\n|---|---|---|---|\n")
	for _, c := range []float64{float64(s.Processors), 8, 32, 96} {
		least := max(fixed+longest, used.Median/(assumedBusy*c))
		perHour := 3600 * assumedBusy * c / used.Median
		fmt.Fprintf(&b, "| %.0f | %.0f | %.0f s | %.1f |\n", c, perHour, least, perHour*least/3600)
	}
	return b.String()
}
