package results

import (
	"slices"
	"strings"

	"builders.test/internal/report"
)

// Attribute is one thing that is known about what was tested, run by run.
type Attribute struct {
	Name string
	// Values has one entry per run; empty if unknown.
	Values []string
	// Differs reports whether the runs differ.
	Differs bool
}

// attributes are in the order in which people ask for them.
var attributes = []struct {
	name string
	of   func(report.Report) string
}{
	{"BuildKit", func(r report.Report) string { return r.Subject.BuildKit.Version }},
	{"BuildKit image", func(r report.Report) string { return r.Subject.BuildKit.Image }},
	{"Image digest", func(r report.Report) string { return r.Subject.BuildKit.Digest }},
	{"Bundled runc", func(r report.Report) string { return r.Subject.BuildKit.Runc }},
	{"buildx", func(r report.Report) string { return r.Subject.Buildx.Version }},
	{"Driver", func(r report.Report) string { return r.Subject.Driver }},
	{"Docker Engine", func(r report.Report) string { return r.Subject.Engine.Version }},
	{"Image store", func(r report.Report) string { return r.Subject.Engine.Store }},
	{"Kernel", func(r report.Report) string { return r.Subject.Host.Kernel }},
	{"Architecture", func(r report.Report) string { return r.Subject.Host.Arch }},
	{"Emulation", func(r report.Report) string { return r.Subject.Host.Emulation }},
	{"Book of claims", func(r report.Report) string { return r.Book }},
	{"Selected claims", func(r report.Report) string { return r.Selection }},
	{"Stand-ins", func(r report.Report) string {
		var all []string
		for _, s := range r.StandIns {
			all = append(all, s.String())
		}
		return strings.Join(all, "; ")
	}},
}

// About says what was tested on what. What no run knows is left out.
func (s Set) About() []Attribute {
	var known []Attribute
	for _, attribute := range attributes {
		a := Attribute{Name: attribute.name}
		for _, run := range s.Runs {
			a.Values = append(a.Values, attribute.of(run.Report))
		}
		if slices.ContainsFunc(a.Values, func(v string) bool { return v != "" }) {
			a.Differs = slices.ContainsFunc(a.Values, func(v string) bool { return v != a.Values[0] })
			known = append(known, a)
		}
	}
	return known
}
