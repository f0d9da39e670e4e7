package matrix

import (
	"fmt"
	"slices"
	"strings"

	"builders.test/internal/report"
)

// property is something in which runs can differ.
type property struct {
	of func(report.Subject) string
	// phrase puts a value into words.
	phrase string
}

// versions is how many of the main properties are versions, and which.
const (
	buildkitAxis = iota
	buildxAxis
	versions
)

// mainProperties are what a matrix is made of. A label names them whenever they
// differ.
var mainProperties = []property{
	{func(s report.Subject) string { return s.BuildKit.Version }, "BuildKit %s"},
	{func(s report.Subject) string { return s.Buildx.Version }, "buildx %s"},
	{func(s report.Subject) string { return s.Driver }, "%s driver"},
	{func(s report.Subject) string { return s.Engine.Store }, "%s store"},
}

// furtherProperties are named only if labels are the same without them.
var furtherProperties = []property{
	{func(s report.Subject) string { return s.BuildKit.Image }, "image %s"},
	{func(s report.Subject) string { return s.Engine.Version }, "engine %s"},
	{func(s report.Subject) string { return s.Host.Arch }, "%s"},
	{func(s report.Subject) string { return s.Host.Kernel }, "kernel %s"},
	{func(s report.Subject) string { return s.BuildKit.Runc }, "runc %s"},
}

// label is a column's name with and without the words around the values.
type label struct{ long, short string }

// labels names runs by how they differ. A single run is named by its BuildKit; runs
// that do not differ are numbered.
func labels(subjects []report.Subject) []label {
	var chosen []property
	for _, p := range mainProperties {
		if differs(p, subjects) {
			chosen = append(chosen, p)
		}
	}
	for _, p := range furtherProperties {
		with := append(slices.Clone(chosen), p)
		if distinct(compose(with, subjects)) > distinct(compose(chosen, subjects)) {
			chosen = with
		}
	}
	if len(chosen) == 0 {
		chosen = mainProperties[:1]
	}
	return numbered(compose(chosen, subjects))
}

func differs(p property, subjects []report.Subject) bool {
	return slices.ContainsFunc(subjects, func(s report.Subject) bool { return p.of(s) != p.of(subjects[0]) })
}

func compose(properties []property, subjects []report.Subject) []label {
	composed := make([]label, 0, len(subjects))
	for _, s := range subjects {
		var long, short []string
		for _, p := range properties {
			value := p.of(s)
			if value == "" {
				value = "unknown"
			}
			long = append(long, fmt.Sprintf(p.phrase, value))
			short = append(short, value)
		}
		composed = append(composed, label{strings.Join(long, ", "), strings.Join(short, " · ")})
	}
	return composed
}

// distinct counts the labels that differ.
func distinct(labels []label) int {
	seen := map[string]bool{}
	for _, l := range labels {
		seen[l.long] = true
	}
	return len(seen)
}

// numbered adds a number to repeated labels.
func numbered(labels []label) []label {
	seen := map[string]int{}
	for i := range labels {
		l := &labels[i]
		seen[l.long]++
		if n := seen[l.long]; n > 1 {
			l.long = fmt.Sprintf("%s (%d)", l.long, n)
			l.short = fmt.Sprintf("%s (%d)", l.short, n)
		}
	}
	return labels
}
