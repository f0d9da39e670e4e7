// Package history proves that past regressions would have been caught: each is red on a
// release that had it and green on the one that fixed it.
package history

import (
	"slices"
	"strings"

	"builders.test/helpers/claim"
)

// Regression is a claim that some release is known to break. Without a digest,
// earlier judgements do not count.
type Regression = claim.Listed

// Cell is a pair of releases, and the regressions that are judged on it.
type Cell struct {
	BuildKit string
	// Buildx is empty if any will do.
	Buildx      string
	Regressions []Regression
}

// String names the releases.
func (c Cell) String() string {
	if c.Buildx == "" {
		return "BuildKit " + c.BuildKit
	}
	return "BuildKit " + c.BuildKit + ", buildx " + c.Buildx
}

// Folder returns a name for the cell's folder.
func (c Cell) Folder() string {
	return strings.TrimSuffix(c.BuildKit+"_"+c.Buildx, "_")
}

// sides returns the cells on which a regression is judged: where it is broken,
// and where it is fixed, if it is. The other component is as the script's head
// says; failing that, BuildKit is the newest one given.
func sides(known claim.Known, newest string) []Cell {
	var cells []Cell
	for _, release := range slices.Concat([]string{known.Broken}, known.Fixed[:min(1, len(known.Fixed))]) {
		cell := Cell{BuildKit: release, Buildx: known.Buildx}
		if known.Component == "buildx" {
			cell = Cell{BuildKit: known.BuildKit, Buildx: release}
			if cell.BuildKit == "" {
				cell.BuildKit = newest
			}
		}
		cells = append(cells, cell)
	}
	return cells
}

// Cells gathers what can be judged in one run, in the order of the releases.
func Cells(all []Regression, newest string) []Cell {
	var cells []Cell
	for _, r := range all {
		for _, side := range sides(*r.Claim.Known, newest) {
			i := slices.IndexFunc(cells, func(c Cell) bool { return c.Folder() == side.Folder() })
			if i < 0 {
				i = len(cells)
				cells = append(cells, side)
			}
			cells[i].Regressions = append(cells[i].Regressions, r)
		}
	}
	slices.SortStableFunc(cells, func(a, b Cell) int { return strings.Compare(a.Folder(), b.Folder()) })
	return cells
}
