package snippet

import (
	"cmp"
	"slices"
	"time"

	"builders.test/helpers/progress"
	"builders.test/internal/text/sanitize"
)

// Step is one step of a build.
type Step struct {
	progress.Vertex
	// Printed is what it printed, safe to show like its name and error.
	Printed Text
}

// newSteps takes over the steps in the order in which they began; those that
// never did come last. Their outputs are in the file of the build's progress.
func newSteps(vertices []progress.Vertex, file string) []Step {
	steps := make([]Step, 0, len(vertices))
	for _, v := range vertices {
		v.Name, v.Error = sanitize.Line(v.Name), sanitize.Line(v.Error)
		steps = append(steps, Step{Vertex: v, Printed: ends(file, v.Log)})
	}
	slices.SortStableFunc(steps, byStart)
	return steps
}

func byStart(a, b Step) int {
	switch {
	case a.Started == nil && b.Started == nil:
		return 0
	case a.Started == nil:
		return 1
	case b.Started == nil:
		return -1
	}
	return a.Started.Compare(*b.Started)
}

// MostRelevant keeps the given number of steps, those that failed and those that
// took longest, in the order in which they began.
func MostRelevant(steps []Step, size int) []Step {
	if len(steps) <= size {
		return steps
	}
	kept := slices.Clone(steps)
	slices.SortStableFunc(kept, func(a, b Step) int {
		return cmp.Or(cmp.Compare(len(b.Error), len(a.Error)), cmp.Compare(b.took(), a.took()))
	})
	kept = kept[:size]
	slices.SortStableFunc(kept, byStart)
	return kept
}

func (s Step) took() time.Duration {
	if s.Started == nil || s.Completed == nil {
		return 0
	}
	return s.Completed.Sub(*s.Started)
}

// FirstStart is when the first step began; zero if none did.
func FirstStart(steps []Step) time.Time {
	if len(steps) == 0 || steps[0].Started == nil {
		return time.Time{}
	}
	return *steps[0].Started
}
