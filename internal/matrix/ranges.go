package matrix

import (
	"slices"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"golang.org/x/mod/semver"
)

// Range is a stretch of versions in which a claim is broken, among columns that differ
// in one version and in nothing else. A column that says neither good nor bad, such as
// one in which the claim is unsteady, counts as if it had not been asked.
type Range struct {
	// First and Last are the first and the last column in which the claim is broken,
	// known or not.
	First, Last int
	// Before is the last column before First in which it holds, and After the first one
	// after Last; or [None].
	Before, After int
}

// None stands for no column.
const None = -1

// ranges finds the ranges of one claim along lines of columns.
func ranges(cells []*report.Claim, lines [][]int) []Range {
	var found []Range
	for _, line := range lines {
		if len(line) > 1 {
			found = append(found, along(cells, line)...)
		}
	}
	return found
}

// along finds the ranges along one line.
func along(cells []*report.Claim, line []int) []Range {
	var found []Range
	good, open := None, false
	for _, column := range line {
		switch cell := cells[column]; {
		case cell == nil:
		case cell.Verdict == claim.Holds && open:
			found[len(found)-1].After = column
			good, open = column, false
		case cell.Verdict == claim.Holds:
			good = column
		case cell.Verdict == claim.Broken && open:
			found[len(found)-1].Last = column
		case cell.Verdict == claim.Broken:
			found = append(found, Range{First: column, Last: column, Before: good, After: None})
			open = true
		}
	}
	return found
}

// Knowing returns the table with the list of all releases of BuildKit. With it, the table
// knows whether there is a release between two columns; without it, or if the columns
// differ in buildx's version, there may always be one.
func (t Table) Knowing(releases []string) Table {
	if t.axis != buildkitAxis {
		return t
	}
	t.releases = slices.DeleteFunc(slices.Clone(releases), func(v string) bool {
		return !semver.IsValid(v) || semver.Prerelease(v) != ""
	})
	return t
}

// Since says in which release a claim broke: "v0.16.0", or "≤ v0.16.0" if there is one
// between that and the last in which it held, or if it held in none before.
func (t Table) Since(r Range) string { return t.bound(r.Before, r.First) }

// Fixed says in which release a claim was fixed, as [Table.Since] does; empty if it
// holds in none that came later.
func (t Table) Fixed(r Range) string {
	if r.After == None {
		return ""
	}
	return t.bound(r.Last, r.After)
}

// Words says since when a claim was broken, and since when not. Where a release between
// was not tested, it names the last one that was.
func (t Table) Words(r Range) string {
	words := "broken since " + t.Since(r)
	if r.Before != None && !t.sure(r.Before, r.First) {
		words += " (last good " + t.Columns[r.Before].Short + ")"
	}
	if r.After == None {
		return words
	}
	words += ", fixed in " + t.Fixed(r)
	if !t.sure(r.Last, r.After) {
		words += " (last bad " + t.Columns[r.Last].Short + ")"
	}
	return words
}

func (t Table) bound(before, first int) string {
	if t.sure(before, first) {
		return t.Columns[first].Short
	}
	return "≤ " + t.Columns[first].Short
}

// sure reports whether something changed with the second column's version, as nothing
// lies between it and the first's.
func (t Table) sure(before, first int) bool {
	return before != None && t.adjacent(t.version(before), t.version(first))
}

// version is what tells a column from the others of its line.
func (t Table) version(column int) string {
	subject := t.Columns[column].Subject
	if t.axis == buildxAxis {
		return subject.Buildx.Version
	}
	return subject.BuildKit.Version
}

// adjacent reports whether it is known that nothing was released between two versions.
func (t Table) adjacent(older, newer string) bool {
	if !slices.Contains(t.releases, older) || !slices.Contains(t.releases, newer) {
		return false
	}
	return !slices.ContainsFunc(t.releases, func(v string) bool {
		return semver.Compare(v, older) > 0 && semver.Compare(v, newer) < 0
	})
}

// Sort puts runs in the order of their versions, BuildKit's first. What has no version,
// such as a source tree, comes last; runs of the same versions stay as they are.
func Sort[R any](runs []R, subject func(R) report.Subject) {
	slices.SortStableFunc(runs, func(a, b R) int {
		one, other := subject(a), subject(b)
		if order := compareVersions(one.BuildKit.Version, other.BuildKit.Version); order != 0 {
			return order
		}
		return compareVersions(one.Buildx.Version, other.Buildx.Version)
	})
}

func compareVersions(a, b string) int {
	switch {
	case !semver.IsValid(a) && !semver.IsValid(b):
		return 0
	case !semver.IsValid(a):
		return 1
	case !semver.IsValid(b):
		return -1
	}
	return semver.Compare(a, b)
}
