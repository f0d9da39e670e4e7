package build

import (
	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/spec"
)

// Bake builds a target of a bake file, with its dependencies, on a builder, and
// fails the claim if the build fails. It takes the options of bake, see [Set].
func Bake(t *spec.T, b *builder.Builder, file, target string, options ...Option) *Result {
	r := TryBake(t, b, file, target, options...)
	if !r.succeeded() {
		t.Fatalf("on builder %s: %s", b.Name, r.FailureMessage())
	}
	return r
}

// TryBake is like [Bake] but also returns the result of a build that failed.
func TryBake(t *spec.T, b *builder.Builder, file, target string, options ...Option) *Result {
	options = append([]Option{flag("--builder", b.Name), flag("--file", file)}, options...)
	return begin(t, b.Config, "bake", target, options).Wait(t)
}

// Set overrides a value of a bake file's target, such as base.args.VALUE.
func Set(key, value string) Option { return flag("--set", key+"="+value) }

// TryBakeIn bakes in a configuration, with the flags and targets as they stand on the
// command line, and returns the result, whatever it is.
func TryBakeIn(t *spec.T, config cli.Config, words ...string) *Result {
	args := append([]string{"buildx", "bake", "--progress=rawjson"}, words...)
	return (&Running{args: args, command: config.Start(t, args...)}).Wait(t)
}
