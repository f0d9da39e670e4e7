package cache

import (
	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/progress"
	"builders.test/helpers/spec"
)

// Probe is a build that draws a random value in one of its steps. The value distinguishes a
// hit from a miss: it stays the same only if the step did not run again. What BuildKit says
// about the step must not contradict the value.
type Probe struct {
	// Context is the folder to build. Its Dockerfile takes the argument SALT, see
	// [build.Salt].
	Context string
	// File is the file of the result that holds the value.
	File string
	// Step is part of the name of the step that draws the value.
	Step string
}

// Draw builds on a builder. It returns the value, and whether BuildKit says that
// the step was answered from the cache.
func (p Probe) Draw(t *spec.T, b *builder.Builder, options ...build.Option) (value string, cached progress.Reading) {
	options = append([]build.Option{build.Salt(t)}, options...)
	value, r := build.Export(t, b, p.Context, p.File, options...)
	return value, r.Cached(p.Step)
}

// MustHit fails the claim with the message unless a builder's cache still has the
// value that was drawn before.
func (p Probe) MustHit(t *spec.T, b *builder.Builder, before, message string) {
	value, cached := p.Draw(t, b)
	if value != before {
		t.Fatalf("%s", message)
	}
	if cached == progress.No {
		t.Fatalf("the result is the cached one, but BuildKit reports that the step was executed")
	}
}

// MustMiss fails the claim with the message if a builder's cache has the value
// that was drawn before.
func (p Probe) MustMiss(t *spec.T, b *builder.Builder, before, message string) {
	value, cached := p.Draw(t, b)
	if value == before {
		t.Fatalf("%s", message)
	}
	if cached == progress.Yes {
		t.Fatalf("BuildKit reports that the step was cached, but its result is new")
	}
}
