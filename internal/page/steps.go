package page

import (
	"cmp"
	"slices"
	"time"

	"builders.test/helpers/progress"
	"builders.test/internal/text"
)

// step is one step of a build, with what it printed.
type step struct {
	progress.Vertex
	log excerpt
}

// newSteps takes the steps over in the order in which they began; those that
// never did come last. Their outputs lie in the file of the build's progress.
func newSteps(vertices []progress.Vertex, file string) []step {
	steps := make([]step, 0, len(vertices))
	for _, v := range vertices {
		steps = append(steps, step{Vertex: v, log: excerptOf(file, v.Log)})
	}
	slices.SortStableFunc(steps, byStart)
	return steps
}

// excerptOf keeps both ends of a text that was read already.
func excerptOf(file, s string) excerpt {
	if len(s) <= 2*keptEnd {
		return excerpt{path: file, head: text.Block(s)}
	}
	return excerpt{
		path: file, gap: int64(len(s) - 2*keptEnd),
		head: text.Block(s[:keptEnd]), tail: text.Block(s[len(s)-keptEnd:]),
	}
}

func byStart(a, b step) int {
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

// telling keeps so many steps, those that failed and those that took longest,
// in the order in which they began.
func telling(steps []step, size int) []step {
	if len(steps) <= size {
		return steps
	}
	kept := slices.Clone(steps)
	slices.SortStableFunc(kept, func(a, b step) int {
		return cmp.Or(cmp.Compare(len(b.Error), len(a.Error)), cmp.Compare(b.took(), a.took()))
	})
	kept = kept[:size]
	slices.SortStableFunc(kept, byStart)
	return kept
}

func (s step) took() time.Duration {
	if s.Started == nil || s.Completed == nil {
		return 0
	}
	return s.Completed.Sub(*s.Started)
}

// firstStart is when the first step began; zero if none did.
func firstStart(steps []step) time.Time {
	if len(steps) == 0 || steps[0].Started == nil {
		return time.Time{}
	}
	return *steps[0].Started
}
