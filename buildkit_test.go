//go:build integration

package builders

import (
	"strings"
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/cache"
	"builders.test/helpers/claim"
	"builders.test/helpers/files"
	"builders.test/helpers/fixture"
	"builders.test/helpers/progress"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/fs"
)

const (
	docsBuildKit     = "https://docs.docker.com/build/buildkit/"
	docsContext      = "https://docs.docker.com/build/concepts/context/"
	docsBuildKitTOML = "https://docs.docker.com/build/buildkit/toml-configuration/"
	docsInvalidation = "https://docs.docker.com/build/cache/invalidation/"
)

// Chapter: why BuildKit, for the reasons that Docker's documentation gives. Claims
// about files are in buildkit_files_test.go, those about the engine in
// buildkit_traces_test.go.
func TestBuildkit(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:     "buildkit/unused-stage",
		Text:   "A stage that the target does not need is not executed",
		Source: docsBuildKit,
	}, func(t *suite.T) {
		notNeeded(t)
		b := builder.Shared(t)

		r := wanted(t, b)
		require.False(t, r.Has("&& false"), "the build includes a step of a stage that the target does not need")

		asked := build.Try(t, b, "fixtures/stages", build.FreshSalt(t), build.CacheOnly(), build.Target("failing"))
		asked.MustFailAt(t, "&& false", "the stage that cannot be built was built when targeted, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/unused-image",
		Text:   "A base image that only unneeded stages use is not resolved",
		Source: docsBuildKit,
	}, func(t *suite.T) {
		notNeeded(t)
		b := builder.Shared(t)

		r := wanted(t, b)
		require.False(t, r.Has("nowhere"), "the base image of a stage that the target does not need was resolved: %s", r.FailureMessage())

		asked := build.Try(t, b, "fixtures/stages", build.CacheOnly(), build.Target("without-image"))
		asked.MustFailAt(t, "127.0.0.1:1/nowhere", "an image that does not exist was found, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:      "buildkit/unused-folder",
		Text:    "The files of a `--build-context` folder that only unneeded stages use are not sent",
		Source:  docsBuildKit,
		History: "Releases before v0.20 look for a `.dockerignore` in such a folder and send nothing else from it",
	}, func(t *suite.T) {
		notNeeded(t)
		const size = 500_000 // bytes
		b := builder.Shared(t)
		extra := build.Context("extra", fixture.New(t, fs.WithFile("large", fixture.Noise(size))))

		r := wanted(t, b, extra)
		require.Less(t, r.Sent(t), int64(size/10), "files of a folder that only unneeded stages use were sent")

		asked := build.Run(t, b, "fixtures/stages", build.CacheOnly(), extra, build.Target("with-extra"))
		require.GreaterOrEqual(t, asked.Sent(t), int64(size), "the folder was needed but not sent, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:      "buildkit/unused-context",
		Text:    "An image given by `--build-context` that only unneeded stages use is not resolved",
		Source:  "https://github.com/docker/buildx/issues/2939",
		Needs:   []claim.Need{claim.BuildKit(">=0.20")},
		History: "Releases before v0.20 resolve such an image and fail without it (moby/buildkit#5688)",
	}, func(t *suite.T) {
		notNeeded(t)
		b := builder.Shared(t)
		extra := build.Context("extra", "docker-image://127.0.0.1:1/elsewhere")

		r := wanted(t, b, extra)
		require.False(t, r.Has("elsewhere"), "an image that only unneeded stages use was resolved: %s", r.FailureMessage())

		asked := build.Try(t, b, "fixtures/stages", build.CacheOnly(), extra, build.Target("with-extra"))
		asked.MustFailAt(t, "127.0.0.1:1/elsewhere", "an image that does not exist was found, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/parallel",
		Text:   "Stages that do not depend on each other run at the same time",
		Source: docsBuildKit,
	}, func(t *suite.T) {
		cache.SharesMounts(t)
		found, together := meeting(t, builder.Shared(t), "60")
		require.Equal(t, "together, together", found, "two stages that do not depend on each other did not run at the same time within a minute")
		require.NotEqual(t, progress.No, together, "the stages ran at the same time, but BuildKit reports otherwise")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/max-parallelism",
		Text:   "With `max-parallelism = 1` in buildkitd.toml, independent stages run one after the other",
		Source: docsBuildKitTOML,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		cache.SharesMounts(t)
		found, _ := meeting(t, builder.Shared(t), "60")
		require.Equal(t, "together, together", found, "without max-parallelism the stages do not run at the same time, so this proves nothing")

		limited := builder.New(t, builder.DaemonConfig("[worker.oci]\n  gc = false\n  max-parallelism = 1"))
		found, together := meeting(t, limited, "3")
		require.Equal(t, "alone, alone", found, "despite max-parallelism = 1 two steps ran at the same time")
		require.NotEqual(t, progress.Yes, together, "despite max-parallelism = 1 BuildKit reports two steps at the same time")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/failure-cancels",
		Text:   "When one stage fails, the stages still running are canceled",
		Source: docsBuildKit,
	}, func(t *suite.T) {
		cache.SharesMounts(t)
		b, salted := builder.Shared(t), build.All(build.File("fixtures/gate/failure.Dockerfile"), build.FreshSalt(t))

		failed := build.Try(t, b, "fixtures/gate", salted, build.Arg("GATE", "failed"), build.CacheOnly())
		failed.MustFailAt(t, "exit 7", "one of two needed stages failed but the build succeeded")
		// It exits with this code only if the patient step has begun.
		require.Equal(t, 7, failed.Failure().Exit, "the build failed for another reason than its failing stage: %s", failed.FailureMessage())

		patient := build.Start(t, b, "fixtures/gate", salted, build.Arg("GATE", "waiting"), build.Target("waited"), build.CacheOnly())
		seen, _ := build.ExportAll(t, b, "fixtures/gate", salted, build.Target("seen"))
		patient.MustWait(t)
		require.Equal(t, "still", seen.Text(t, "failed"), "one stage failed, but the other was not canceled")
		require.Equal(t, "beats", seen.Text(t, "waiting"), "no stage failed, but the patient one is not running, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/common-step",
		Text:   "A step that two builds share is executed once for both, even while both are still running",
		Source: docsBuildKit,
	}, func(t *suite.T) {
		cache.SharesMounts(t)
		b, salt := builder.Shared(t), build.FreshSalt(t)
		first, second := fixture.New(t), fixture.New(t)

		one := draw(t, b, "one", salt, first)
		two := draw(t, b, "two", salt, second)
		openGate(t, b, salt)
		one.MustWait(t)
		two.MustWait(t)
		require.Equal(t, files.In(first).Read(t, "id"), files.In(second).Read(t, "id"), "a step that two builds share was executed once for each")
		require.NotEqual(t, files.In(first).Read(t, "own"), files.In(second).Read(t, "own"), "a step that the builds do not share drew the same value in both, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/late-change",
		Text:   "Changing a build argument reruns the steps after its ARG and none before it",
		Source: docsInvalidation,
	}, func(t *suite.T) {
		steps := newStepper(t)
		require.Equal(t, []string{"first", "second", "third"}, steps.executed(t), "the first build does not execute every step")
		require.Empty(t, steps.executed(t), "the second build reruns steps although nothing changed")
		for i, argument := range []string{"FIRST", "SECOND", "THIRD"} {
			again := []string{"first", "second", "third"}[i:]
			require.Equal(t, again, steps.executed(t, build.Arg(argument, "changed")), "the argument %s changed, but the executed steps are not exactly those after it", argument)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/unused-argument",
		Text:   "A build argument that no step can see leaves the cache valid",
		Source: docsInvalidation,
	}, func(t *suite.T) {
		steps := newStepper(t)
		require.NotEmpty(t, steps.executed(t), "the first build executes nothing")
		unseen := []build.Option{build.Arg("LAST", "changed"), build.Arg("UNKNOWN", "changed")}
		require.Empty(t, steps.executed(t, unseen...), "changing an argument that is declared after every step, and one that is not declared anywhere, reran steps")
		require.NotEmpty(t, steps.executed(t, build.Arg("THIRD", "changed")), "an argument that a step can see changed but no step ran again, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/cache-mount",
		Text:   "A cache mount keeps its files between builds, and `--no-cache` starts with an empty one",
		Source: "https://github.com/moby/buildkit/issues/4250",
	}, func(t *suite.T) {
		cache.EmptiesMounts(t)
		b, salt := builder.Shared(t), build.FreshSalt(t)
		require.Equal(t, []string{"one"}, listed(t, b, "one", salt), "a cache mount that was never used is not empty")
		require.Equal(t, []string{"one", "two"}, listed(t, b, "two", salt), "the cache mount lost the first build's files")
		require.Equal(t, []string{"three"}, listed(t, b, "three", salt, build.NoCache()), "--no-cache did not start with an empty cache mount")
		require.Equal(t, []string{"three", "four"}, listed(t, b, "four", salt), "the build after --no-cache does not continue with its cache mount")
		require.Equal(t, []string{"five"}, listed(t, b, "five", build.FreshSalt(t)), "a different BUILDKIT_CACHE_MOUNT_NS shares the cache mount, so this proves nothing")
	})

	buildkitFiles(t)

	buildkitTraces(t)

	buildkitGc(t)
}

// wanted builds the last stage of the fixture, which needs only one other stage,
// and requires its result.
func wanted(t *suite.T, b *builder.Builder, options ...build.Option) *build.Result {
	salt := t.Env.Name("salt")
	found, r := build.TryExport(t, b, "fixtures/stages", "wanted", append(options, build.SaltWith(salt))...)
	r.MustSucceed(t)
	require.Equal(t, salt, found, "the target does not contain the result that was to be built")
	return r
}

// notNeeded are the images of fixtures/stages that the target does not need. A
// build that resolves them is not excused because they are unavailable.
func notNeeded(t *suite.T) {
	t.Judges("127.0.0.1:1", "extra")
}

// meeting builds two stages that wait for each other for the given number of
// seconds. It returns what they found, and whether BuildKit reports that they ran at
// the same time.
func meeting(t *suite.T, b *builder.Builder, patience string) (found string, together progress.Reading) {
	result, r := build.ExportAll(t, b, "fixtures/meeting", build.FreshSalt(t), build.Arg("PATIENCE", patience))
	return result.Text(t, "left") + ", " + result.Text(t, "right"), r.Overlap("meet.sh left", "meet.sh right")
}

// draw starts a build that waits at the gate and then draws a value, and another one in a
// step of its own. It returns once the build waits.
func draw(t *suite.T, b *builder.Builder, who string, salt build.Option, dest string) *build.Running {
	running := build.Start(t, b, "fixtures/gate", salt, build.Arg("WHO", who), build.Local(dest))
	running.Await(t, "uuid > /id")
	return running
}

func openGate(t *suite.T, b *builder.Builder, salt build.Option) {
	build.Run(t, b, "fixtures/gate", salt, build.Target("open"), build.CacheOnly())
}

// stepper builds three steps in a row, on its own builder: if a hit is expected, no
// other claim may build there (see [builder.Shared]).
type stepper struct {
	b    *builder.Builder
	salt build.Option
	// drawn holds every value that the steps have drawn.
	drawn map[string]bool
}

func newStepper(t *suite.T) *stepper {
	return &stepper{b: builder.Borrow(t), salt: build.FreshSalt(t), drawn: map[string]bool{}}
}

// executed builds and returns the steps that were executed: those that drew a new
// value.
func (s *stepper) executed(t *suite.T, options ...build.Option) []string {
	result, _ := build.ExportAll(t, s.b, "fixtures/steps", append(options, s.salt)...)
	executed := []string{}
	for _, name := range []string{"first", "second", "third"} {
		drawn := result.Text(t, name)
		if !s.drawn[drawn] {
			executed = append(executed, name)
		}
		s.drawn[drawn] = true
	}
	return executed
}

// listed adds a line to the list in a cache mount and returns the list.
func listed(t *suite.T, b *builder.Builder, line string, options ...build.Option) []string {
	list, _ := build.Export(t, b, "fixtures/mount", "list", append(options, build.Arg("LINE", line))...)
	return strings.Fields(list)
}
