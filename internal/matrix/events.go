package matrix

import "strings"

// Affected is a claim with the versions in which it is broken, after the schema of OSV,
// so that tools which read that can read this.
type Affected struct {
	ID       string    `json:"id"`
	Summary  string    `json:"summary"`
	Affected []Package `json:"affected"`
}

// Package is one line of columns.
type Package struct {
	Package  Name          `json:"package"`
	Ranges   []EventRange  `json:"ranges"`
	Specific Circumstances `json:"database_specific"`
}

// Name names what has the versions.
type Name struct {
	Ecosystem string `json:"ecosystem"`
	Name      string `json:"name"`
}

// EventRange is one range: an event that it was introduced, and one that it was fixed, or
// else the last version in which it was seen.
type EventRange struct {
	Type   string              `json:"type"`
	Events []map[string]string `json:"events"`
}

// Circumstances are what the schema has no word for.
type Circumstances struct {
	// Column is the column in which the claim was first broken, with all in which it
	// differs from others.
	Column string `json:"column"`
	// IntroducedAfter is the last version in which the claim held before; empty if it
	// held in none. A version between that and the one introduced was not tested, if
	// there is any.
	IntroducedAfter string `json:"introduced_after,omitempty"`
	// HoldsAgain is the first version in which it was seen to hold afterwards. If it is
	// not the one that fixed it for certain, there is no such event.
	HoldsAgain string `json:"holds_again,omitempty"`
}

// modules are Go's names of what has versions.
var modules = map[int]string{buildkitAxis: "github.com/moby/buildkit", buildxAxis: "github.com/docker/buildx"}

// Events lists the claims that are broken somewhere, with the versions.
func (t Table) Events() []Affected {
	all := []Affected{}
	for _, row := range t.Rows {
		if len(row.Ranges) == 0 {
			continue
		}
		one := Affected{ID: row.ID, Summary: row.Text}
		for _, r := range row.Ranges {
			one.Affected = append(one.Affected, t.pack(r))
		}
		all = append(all, one)
	}
	return all
}

func (t Table) pack(r Range) Package {
	bare := func(column int) string { return strings.TrimPrefix(t.version(column), "v") }
	p := Package{Package: Name{"Go", modules[t.axis]}, Specific: Circumstances{Column: t.Columns[r.First].Label}}
	if r.Before != None {
		p.Specific.IntroducedAfter = bare(r.Before)
	}
	if r.After != None {
		p.Specific.HoldsAgain = bare(r.After)
	}
	end := map[string]string{"last_affected": bare(r.Last)}
	if r.After != None && t.sure(r.Last, r.After) {
		end = map[string]string{"fixed": bare(r.After)}
	}
	p.Ranges = []EventRange{{Type: "SEMVER", Events: []map[string]string{{"introduced": bare(r.First)}, end}}}
	return p
}
