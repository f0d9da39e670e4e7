//go:build integration

package builders

import (
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/cache"
	"builders.test/helpers/claim"
	"builders.test/helpers/cli"
	"builders.test/helpers/engine"
	"builders.test/helpers/image"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// tracedBuild is a build whose intermediate containers and images, if any, carry a
// label with this mark.
type tracedBuild struct{ mark string }

func buildkitTraces(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:     "buildkit/no-traces",
		Text:   "During and after a build, whether it succeeds or fails, the engine has no container, volume or unnamed image from it",
		Source: docsBuildKit,
	}, func(t *suite.T) {
		cache.SharesMounts(t)
		requireClassicTraces(t)
		b := builder.Shared(t)

		loaded, salt := image.New(t, "traces"), build.FreshSalt(t)
		good, bad := newTracedBuild(t), newTracedBuild(t)
		succeeding := good.start(t, b, "0", build.Load(loaded), salt)
		failing := bad.start(t, b, "3", build.Load(image.New(t, "failed")), salt)
		duringGood, duringBad := engine.FindTraces(t, good.label()), engine.FindTraces(t, bad.label())
		openGate(t, b, salt)

		r := succeeding.Wait(t)
		require.True(t, duringGood.None(), "a running build has this in the engine: %v", duringGood)
		require.Zero(t, r.Command.ExitCode, "the build failed: %s", r.FailureMessage())
		require.Equal(t, engine.Traces{Images: []string{loaded}}, engine.FindTraces(t, good.label()),
			"after the build the engine does not have exactly the requested image")

		r = failing.Wait(t)
		require.True(t, duringBad.None(), "a running build that is going to fail has this in the engine: %v", duringBad)
		r.MustFailAt(t, "&& exit", "a build with a failing step succeeded")
		require.Equal(t, 3, r.Failure().Exit, "the build failed for another reason: %s", r.FailureMessage())
		left := engine.FindTraces(t, bad.label())
		require.True(t, left.None(), "a failed build left this in the engine: %v", left)
	})
}

func newTracedBuild(t *suite.T) tracedBuild {
	traced := tracedBuild{mark: t.Env.Name("mark")}
	engine.RemoveTracesAfter(t, traced.label())
	return traced
}

func (x tracedBuild) label() string { return "builders.mark=" + x.mark }

func (x tracedBuild) arguments(t *suite.T) []build.Option {
	return []build.Option{build.Arg("MARK", x.mark), build.Arg("RUN_ID", t.Env.Run)}
}

// start starts a build whose last step waits at the gate and then ends with an exit code.
// It returns once the step waits.
func (x tracedBuild) start(t *suite.T, b *builder.Builder, end string, options ...build.Option) *build.Running {
	options = append(append(options, x.arguments(t)...), build.Arg("END", end))
	running := build.Start(t, b, "fixtures/traces", options...)
	running.Await(t, "&& exit")
	return running
}

// requireClassicTraces is the control: it builds the same with the engine's
// classic builder, which uses containers and images, and requires that they are found.
func requireClassicTraces(t *suite.T) {
	fetchBase(t)
	traced := newTracedBuild(t)
	args := []string{"build", "--file", "fixtures/traces/classic.Dockerfile"}
	args = append(args, build.Words(traced.arguments(t)...)...)
	classic := cli.NewConfig(t).With("DOCKER_BUILDKIT=0").Try(t, append(args, "fixtures/traces")...)
	found := engine.FindTraces(t, traced.label())
	if len(found.Containers) == 0 || len(found.Images) == 0 || len(found.Volumes) == 0 {
		t.EnvironmentFailed("the classic builder, this claim's control, left no containers, images and volumes (%v); it printed: %s", found, cli.FailureMessage(classic))
	}
}

// fetchBase saves the classic builder the pull, which would leave the image in the
// engine. A copy that the engine already has is not updated.
func fetchBase(t *suite.T) {
	if image.Exists(t, "busybox") {
		return
	}
	t.EnvironmentOK(t.Env.Fetch(t.Context(), "busybox"), "the base image is not available")
}
