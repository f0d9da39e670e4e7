package script

import (
	"slices"
	"strings"

	"builders.test/helpers/build"
	"github.com/rogpeppe/go-internal/testscript"
)

// bake [-on=NAME] [flags of docker buildx bake ...] [TARGET ...]: builds what a bake file
// describes, and is then the last build. With --print, or another flag that only asks,
// it builds nothing, and standard output is the answer.
func (r *runner) bake(ts *testscript.TestScript, not negation, args []string) error {
	b, args, err := r.chosen(ts, args)
	if err != nil {
		return err
	}
	config, err := r.surroundings(ts)
	if err != nil {
		return err
	}
	words := append([]string{"--builder", b.Name}, args...)
	if slices.ContainsFunc(args, asks) {
		result := config.Try(r.t, append([]string{"buildx", "bake"}, words...)...)
		output(ts, result.Stdout(), result.Stderr())
		return outcome("bake", result, not, func() string { return decisive(result.Stderr()) })
	}
	r.expects(ts, "bake", r.planned(config, []string{"buildx", "bake"}, args))
	return r.ended(ts, build.TryBakeIn(r.t, config, words...), not)
}

// asks reports whether a flag makes bake answer instead of build.
func asks(flag string) bool {
	name, _, _ := strings.Cut(flag, "=")
	return slices.Contains([]string{"--print", "--list", "--call", "--check"}, name)
}
