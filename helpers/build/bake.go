package build

import (
	"builders.test/helpers/builder"
	"builders.test/helpers/spec"
)

// Bake builds a target of a bake file, and what it builds on, on a builder,
// and fails the claim if that does not succeed. The options are those of bake,
// see [Set].
func Bake(t *spec.T, b *builder.Builder, file, target string, options ...Option) *Result {
	r := TryBake(t, b, file, target, options...)
	if !r.succeeded() {
		t.Fatalf("on builder %s: %s", b.Name, r.FailureMessage())
	}
	return r
}

// TryBake does the same and returns the result whatever it is.
func TryBake(t *spec.T, b *builder.Builder, file, target string, options ...Option) *Result {
	options = append([]Option{flag("--builder", b.Name), flag("--file", file)}, options...)
	return begin(t, b.Config, "bake", target, options).Wait(t)
}

// Set gives a target of a bake file another value, such as base.args.VALUE.
func Set(key, value string) Option { return flag("--set", key+"="+value) }
