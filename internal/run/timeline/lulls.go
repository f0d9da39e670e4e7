package timeline

import (
	"cmp"
	"slices"

	"builders.test/internal/run"
)

// idle is the share, in percent, below which processors have too little to do.
const idle = 70

// Lull is a part of the run in which the processors had too little to do.
type Lull struct {
	run.Span
	Busy Share
	// Claims are those that ran, or waited, meanwhile.
	Claims []string
}

// Lulls are the longest parts of the run in which the processors had too little to do,
// at most n, in their order. Runs without samples have none.
func (t Timeline) Lulls(n int) []Lull {
	var all []Lull
	open := false
	for i := 1; i < len(t.Usage); i++ {
		part := run.Span{From: t.Usage[i-1].Time, To: t.Usage[i].Time}
		busy := t.Busy(part)
		low := busy.Known() && busy < idle
		switch {
		case low && open:
			all[len(all)-1].To = part.To
		case low:
			all = append(all, Lull{Span: part})
		}
		open = low
	}
	slices.SortStableFunc(all, func(a, b Lull) int { return cmp.Compare(b.Length(), a.Length()) })
	all = all[:min(n, len(all))]
	slices.SortFunc(all, func(a, b Lull) int { return a.From.Compare(b.From) })
	for i := range all {
		all[i].Busy = t.Busy(all[i].Span)
		for _, one := range t.Claims {
			if one.From.Before(all[i].To) && one.To.After(all[i].From) {
				all[i].Claims = append(all[i].Claims, one.ID)
			}
		}
	}
	return all
}
