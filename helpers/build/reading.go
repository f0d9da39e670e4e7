package build

import (
	"strings"

	"builders.test/helpers/progress"
	"builders.test/helpers/spec"
)

// Step returns the first step whose name contains the text. It ends the claim if
// the progress has no such step or does not report how the step ended: missing
// progress proves nothing.
func (r *Result) Step(t *spec.T, text string) progress.Vertex {
	v, found := r.Find(text)
	if !found {
		r.untold(t, Took, "any step %q", text)
	}
	r.MustTell(t, v)
	return v
}

// MustTell ends the claim if the progress of a build that succeeded does not
// report how a step ended.
func (r *Result) MustTell(t *spec.T, v progress.Vertex) {
	if r.succeeded() && !v.Told() {
		r.untold(t, Ran, "how the step %q ended", v.Name)
	}
}

// Printed returns what the first step whose name contains the text printed, for
// claims about that text itself. See [Result.Step].
func (r *Result) Printed(t *spec.T, text string) string {
	v := r.Step(t, text)
	if v.Log == "" {
		r.untold(t, Printed, "what the step %q printed", v.Name)
	}
	return v.Log
}

// Sent returns how many bytes were transferred in all: of every build context, of
// the Dockerfile and of ignore files. It ends the claim if the build succeeded
// but the progress does not follow each transfer to its end.
func (r *Result) Sent(t *spec.T) int64 {
	var sum int64
	for _, v := range r.Vertices {
		if v.Sending && r.succeeded() {
			r.untold(t, Moved, "all that was sent for the step %q", v.Name)
		}
		sum += v.Sent
	}
	return sum
}

// FailedAt reports whether the build failed at what the text names: part of a
// step's command, or of an image that was looked up. What buildx printed last
// decides; if that names nothing, the steps with an error do.
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
