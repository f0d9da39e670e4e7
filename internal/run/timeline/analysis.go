package timeline

import (
	"cmp"
	"slices"
	"time"

	"builders.test/internal/run"
)

// Opening is the time before the first claim, and Closing that after the last.
func (t Timeline) Opening() time.Duration { return t.Claims[0].From.Sub(t.From) }

// Closing is the time after the last claim ended, in which the run cleans up.
func (t Timeline) Closing() time.Duration { return t.To.Sub(t.last().To) }

func (t Timeline) last() Claim {
	return slices.MaxFunc(t.Claims, func(a, b Claim) int { return a.To.Compare(b.To) })
}

// AtOnce is, by how many claims or commands ran at the same time, for how long that
// was so. The slice is as long as needed; the sum is the run's length.
func (t Timeline) AtOnce(of func(Claim) []run.Span) []time.Duration {
	type change struct {
		at time.Time
		by int
	}
	changes := []change{{t.From, 0}, {t.To, 0}}
	for _, one := range t.Claims {
		for _, s := range of(one) {
			changes = append(changes, change{s.From, 1}, change{s.To, -1})
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.by, b.by)) })
	times := []time.Duration{0}
	running, since := 0, t.From
	for _, c := range changes {
		times[running] += c.at.Sub(since)
		running, since = max(running+c.by, 0), c.at
		if running == len(times) {
			times = append(times, 0)
		}
	}
	return times
}

// Itself is a claim's own span.
func Itself(c Claim) []run.Span { return []run.Span{c.Span} }

// Ran are the spans of a claim's commands.
func Ran(c Claim) []run.Span {
	var all []run.Span
	for _, one := range c.Commands {
		all = append(all, one.Span)
	}
	return all
}

// Waited is how long a claim ran without any command of its own: it waited for a
// condition, for quiet or for a lock, or worked in the test process.
func (c Claim) Waited() time.Duration {
	return Timeline{Span: c.Span, Claims: []Claim{c}}.AtOnce(Ran)[0]
}

// Kind is all commands that do the same.
type Kind struct {
	What  string
	Count int
	// Took is their wall-clock time and CPU their processor time, added up.
	Took, CPU time.Duration
}

// Kinds are all commands of a run by what they do, those that took longest first.
func (t Timeline) Kinds() []Kind {
	byWhat := map[string]*Kind{}
	var all []*Kind
	for _, one := range t.Claims {
		for _, c := range one.Commands {
			k := byWhat[c.What]
			if k == nil {
				k = &Kind{What: c.What}
				byWhat[c.What], all = k, append(all, k)
			}
			k.Count, k.Took, k.CPU = k.Count+1, k.Took+c.Length(), k.CPU+c.CPU
		}
	}
	slices.SortStableFunc(all, func(a, b *Kind) int { return cmp.Compare(b.Took, a.Took) })
	kinds := make([]Kind, len(all))
	for i, k := range all {
		kinds[i] = *k
	}
	return kinds
}

// Longest are the claims that took longest, at most n.
func (t Timeline) Longest(n int) []Claim {
	sorted := slices.SortedStableFunc(slices.Values(t.Claims), func(a, b Claim) int { return cmp.Compare(b.Length(), a.Length()) })
	return sorted[:min(n, len(sorted))]
}

// CriticalPath are the claims that the end of the run waited for, in their order: the
// last one, the one whose end made room for it, and so on to the beginning. Making one
// of them faster makes the run faster.
func (t Timeline) CriticalPath() []Claim {
	next := t.last()
	path := []Claim{next}
	for {
		before, found := t.endedBefore(next.From)
		if !found {
			slices.Reverse(path)
			return path
		}
		path, next = append(path, before), before
	}
}

// endedBefore is the claim that ended last before a moment.
func (t Timeline) endedBefore(moment time.Time) (Claim, bool) {
	var found Claim
	for _, one := range t.Claims {
		if !one.To.After(moment) && one.From.Before(one.To) && one.To.After(found.To) {
			found = one
		}
	}
	return found, !found.To.IsZero()
}
