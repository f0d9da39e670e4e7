package build

import (
	"strings"

	"builders.test/helpers/spec"
)

// Reading is what the progress tells of one fact. It is to be asked last, after
// results, exit codes and errors: see [Losses].
type Reading int

const (
	// Untold: the progress leaves it open.
	Untold Reading = iota
	// No: the progress tells that it was not so.
	No
	// Yes: the progress tells that it was so.
	Yes
)

// String is the word used in messages.
func (r Reading) String() string { return [...]string{"untold", "no", "yes"}[r] }

func reading(told, so bool) Reading {
	switch {
	case !told:
		return Untold
	case so:
		return Yes
	}
	return No
}

// Cached tells whether the cache answered the first step whose name contains
// the text.
func (p Progress) Cached(text string) Reading {
	v, found := p.Find(text)
	return reading(found && v.Told(), v.Cached)
}

// Executed tells whether the first step whose name contains the text really ran.
func (p Progress) Executed(text string) Reading {
	v, found := p.Find(text)
	return reading(found && v.Told(), v.Executed())
}

// Overlap tells whether two steps, by a text in their names, ran at the same
// time.
func (p Progress) Overlap(one, other string) Reading {
	v, found := p.Find(one)
	w, too := p.Find(other)
	told := found && too && v.Told() && w.Told() && v.ended() && w.ended()
	return reading(told, v.Overlaps(w))
}

// Step is the first step whose name contains the text. The claim ends if the
// progress knows of none, or does not tell how it ended: what vanished proves
// nothing.
func (r *Result) Step(t *spec.T, text string) Vertex {
	t.Helper()
	v, found := r.Find(text)
	if !found {
		r.untold(t, Took, "of any step %q", text)
	}
	r.MustTell(t, v)
	return v
}

// MustTell ends the claim if the progress of a build that succeeded does not
// tell how a step ended.
func (r *Result) MustTell(t *spec.T, v Vertex) {
	t.Helper()
	if r.succeeded() && !v.Told() {
		r.untold(t, Ran, "how the step %q ended", v.Name)
	}
}

// Printed is what the first step whose name contains the text printed, for
// claims about that text itself. See [Result.Step].
func (r *Result) Printed(t *spec.T, text string) string {
	t.Helper()
	v := r.Step(t, text)
	if v.Log == "" {
		r.untold(t, Printed, "what the step %q printed", v.Name)
	}
	return v.Log
}

// Sent is how many bytes were transferred in all: of every build context, of
// the Dockerfile and of ignore files. The claim ends if the build succeeded and
// the progress does not follow each transfer to its end.
func (r *Result) Sent(t *spec.T) int64 {
	t.Helper()
	var sum int64
	for _, v := range r.Vertices {
		if v.sending && r.succeeded() {
			r.untold(t, Moved, "all that was sent for the step %q", v.Name)
		}
		sum += v.Sent
	}
	return sum
}

// FailedAt tells whether the build failed, and failed at what the text names: a
// part of the step's command, or of the image that was looked up. What buildx
// printed last decides; where that names nothing, the steps with an error do.
func (r *Result) FailedAt(text string) bool {
	if r.succeeded() {
		return false
	}
	if strings.Contains(r.Failure().Text, text) || strings.Contains(r.Failure().Command, text) {
		return true
	}
	for _, v := range r.Failed() {
		if strings.Contains(v.Name, text) || strings.Contains(v.Error, text) {
			return true
		}
	}
	return false
}
