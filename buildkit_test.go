//go:build integration

package builders

import (
	"errors"
	"strings"
	"testing"
	"time"

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
		r := wanted(t)
		require.False(t, r.Has("&& false"), "the build includes a step of a stage that the target does not need")

		asked := build.Try(t, builder.Shared(t), "fixtures/stages", build.FreshSalt(t), build.CacheOnly(), build.Target("failing"))
		asked.MustFailAt(t, "&& false", "the stage that cannot be built was built when targeted, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/unused-image",
		Text:   "A base image that only unneeded stages use is not resolved",
		Source: docsBuildKit,
	}, func(t *suite.T) {
		r := wanted(t)
		require.False(t, r.Has("nowhere"), "the base image of a stage that the target does not need was resolved: %s", r.FailureMessage())

		asked := build.Try(t, builder.Shared(t), "fixtures/stages", build.CacheOnly(), build.Target("without-image"))
		asked.MustFailAt(t, "127.0.0.1:1/nowhere", "an image that does not exist was found, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:      "buildkit/unused-folder",
		Text:    "The files of a `--build-context` folder that only unneeded stages use are not sent",
		Source:  docsBuildKit,
		History: "Releases before v0.20 look for a `.dockerignore` in such a folder and send nothing else from it",
	}, func(t *suite.T) {
		r := wanted(t)
		require.Less(t, r.Sent(t), int64(folderSize/10), "files of a folder that only unneeded stages use were sent")

		asked := build.Run(t, builder.Shared(t), "fixtures/stages", build.CacheOnly(), folderContext(t), build.Target("with-folder"))
		require.GreaterOrEqual(t, asked.Sent(t), int64(folderSize), "the folder was needed but not sent, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:      "buildkit/unused-context",
		Text:    "An image given by `--build-context` that only unneeded stages use is not resolved",
		Source:  "https://github.com/docker/buildx/issues/2939",
		Needs:   []claim.Need{leavesContexts},
		History: "Releases before v0.20 resolve such an image and fail without it (moby/buildkit#5688)",
	}, func(t *suite.T) {
		r := wanted(t)
		require.False(t, r.Has("elsewhere"), "an image that only unneeded stages use was resolved: %s", r.FailureMessage())

		asked := build.Try(t, builder.Shared(t), "fixtures/stages", build.CacheOnly(), pictureContext, build.Target("with-picture"))
		asked.MustFailAt(t, "127.0.0.1:1/elsewhere", "an image that does not exist was found, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/parallel",
		Text:   "Stages that do not depend on each other run at the same time",
		Source: docsBuildKit,
	}, func(t *suite.T) {
		cache.SharesMounts(t)
		found, together := freeMeeting(t)
		require.Equal(t, "together, together", found, "two stages that do not depend on each other did not run at the same time within a minute")
		require.NotEqual(t, progress.No, together, "the stages ran at the same time, but BuildKit reports otherwise")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/max-parallelism",
		Text:   "With `max-parallelism = 1` in buildkitd.toml, independent stages run one after the other",
		Source: docsBuildKitTOML,
		Needs:  []claim.Need{claim.OwnBuildKit},
		Takes:  10 * time.Second,
	}, func(t *suite.T) {
		cache.SharesMounts(t)
		found, _ := freeMeeting(t)
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

		seen, _ := build.ExportAll(t, b, "fixtures/gate", salted, build.Arg("GATE", "waiting"), build.Target("seen"))
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
		require.Equal(t, []string{"first", "second", "third"}, steps.executed(t)["unchanged"], "the first build does not execute every step")

		again := steps.executed(t, build.Arg("FIRST", "changed"), build.Arg("SECOND", "changed"), build.Arg("THIRD", "changed"))

		require.Empty(t, again["unchanged"], "the second build reruns steps although nothing changed for them")
		require.Equal(t, []string{"first", "second", "third"}, again["before-first"], "the argument FIRST changed, but the executed steps are not exactly those after it")
		require.Equal(t, []string{"second", "third"}, again["before-second"], "the argument SECOND changed, but the executed steps are not exactly those after it")
		require.Equal(t, []string{"third"}, again["before-third"], "the argument THIRD changed, but the executed steps are not exactly those after it")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/unused-argument",
		Text:   "A build argument that no step can see leaves the cache valid",
		Source: docsInvalidation,
	}, func(t *suite.T) {
		steps := newStepper(t)
		require.NotEmpty(t, steps.executed(t)["unchanged"], "the first build executes nothing")

		again := steps.executed(t, build.Arg("LAST", "changed"), build.Arg("UNKNOWN", "changed"), build.Arg("THIRD", "changed"))

		require.Empty(t, again["unchanged"], "changing an argument that is declared after every step, and one that is not declared anywhere, reran steps")
		require.NotEmpty(t, again["before-third"], "an argument that a step can see changed but no step ran again, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/cache-mount",
		Text:   "A cache mount keeps its files between builds, and `--no-cache` starts with an empty one",
		Source: "https://github.com/moby/buildkit/issues/4250",
	}, func(t *suite.T) {
		kept := mountsThroughNoCache(t)
		require.Equal(t, []string{"one"}, kept.one.plain, "a cache mount that was never used is not empty")
		require.Equal(t, []string{"one", "two"}, kept.two.plain, "the cache mount lost the first build's files")
		require.Equal(t, []string{"three"}, kept.three.plain, "--no-cache did not start with an empty cache mount")
		require.Equal(t, []string{"three", "four"}, kept.four.plain, "the build after --no-cache does not continue with its cache mount")
		require.Equal(t, []string{"five"}, kept.five.plain, "a different BUILDKIT_CACHE_MOUNT_NS shares the cache mount, so this proves nothing")
	})

	buildkitFiles(t)

	buildkitTraces(t)

	buildkitGc(t)
}

// wanted is the build of the fixture's last stage, which needs only one other stage.
// It is given what the stages that it does not need would take. All claims about these
// look at the same build.
func wanted(t *suite.T) *build.Result {
	// A build that resolves these images is not excused because they are unavailable.
	t.Judges("127.0.0.1:1", "folder", "picture")
	r, err := suite.Shared(t, t.SharedKey("wanted stage on "+t.Driver), func() (*build.Result, error) {
		salt, contexts := t.Env.Name("salt"), folderContext(t)
		if t.Has(leavesContexts) {
			contexts = build.All(contexts, pictureContext)
		}
		found, r := build.TryExport(t, builder.Shared(t), "fixtures/stages", "wanted", contexts, build.SaltWith(salt))
		if r.Command.ExitCode != 0 {
			return nil, errors.New(r.FailureMessage())
		}
		require.Equal(t, salt, found, "the target does not contain the result that was to be built")
		return r, nil
	})
	require.NoError(t, err, "the target cannot be built, though it needs nothing that is missing")
	return r
}

// leavesContexts is what a BuildKit needs to leave alone an image that is given and
// not needed.
var leavesContexts = claim.BuildKit(">=0.20")

// folderSize is how many bytes the folder in folderContext holds.
const folderSize = 500_000

func folderContext(t *suite.T) build.Option {
	return build.Context("folder", fixture.New(t, fs.WithFile("large", fixture.Noise(folderSize))))
}

// pictureContext names an image that does not exist.
var pictureContext = build.Context("picture", "docker-image://127.0.0.1:1/elsewhere")

// meeting builds two stages that wait for each other for the given number of
// seconds. It returns what they found, and whether BuildKit reports that they ran at
// the same time.
func meeting(t *suite.T, b *builder.Builder, patience string) (found string, together progress.Reading) {
	result, r := build.ExportAll(t, b, "fixtures/meeting", build.FreshSalt(t), build.Arg("PATIENCE", patience))
	return result.Text(t, "left") + ", " + result.Text(t, "right"), r.Overlap("meet.sh left", "meet.sh right")
}

// freeMeeting is the meeting on a builder that does not limit how many steps run. Claims
// share it.
func freeMeeting(t *suite.T) (found string, together progress.Reading) {
	type met struct {
		found    string
		together progress.Reading
	}
	free, err := suite.Shared(t, t.SharedKey("meeting on "+t.Driver), func() (free met, _ error) {
		free.found, free.together = meeting(t, builder.Shared(t), "60")
		return free, nil
	})
	require.NoError(t, err, "the build of two stages that wait for each other did not end")
	return free.found, free.together
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

// stepper builds stages of three steps in a row, on its own builder: if a hit is expected,
// no other claim may build there (see [builder.Shared]).
type stepper struct {
	b    *builder.Builder
	salt build.Option
	// drawn holds every value that the steps have drawn.
	drawn map[string]bool
}

func newStepper(t *suite.T) *stepper {
	return &stepper{b: builder.Borrow(t), salt: build.FreshSalt(t), drawn: map[string]bool{}}
}

// executed builds and returns the steps that were executed for each stage: those that
// drew a new value. What stages have in common counts for the first of them.
func (s *stepper) executed(t *suite.T, options ...build.Option) map[string][]string {
	result, _ := build.ExportAll(t, s.b, "fixtures/steps", append(options, s.salt)...)
	executed := map[string][]string{}
	for _, stage := range []string{"unchanged", "before-first", "before-second", "before-third"} {
		for _, step := range []string{"first", "second", "third"} {
			drawn := result.Text(t, stage+"/"+step)
			if !s.drawn[drawn] {
				executed[stage] = append(executed[stage], step)
			}
			s.drawn[drawn] = true
		}
	}
	return executed
}

// lists are what a build finds in its two cache mounts after it added a line to each:
// the lines of all builds so far.
type lists struct {
	plain []string
	// inMode is from a mount with a mode.
	inMode []string
}

// keptLists are the lists of builds in a row. three is built with --no-cache, five has
// another BUILDKIT_CACHE_MOUNT_NS than the others.
type keptLists struct{ one, two, three, four, five lists }

// mountsThroughNoCache makes these builds. All claims about cache mounts and --no-cache
// look at the same ones.
func mountsThroughNoCache(t *suite.T) keptLists {
	kept, err := suite.Shared(t, t.SharedKey("lists in cache mounts on "+t.Driver), func() (keptLists, error) {
		cache.EmptiesMounts(t)
		salt := build.FreshSalt(t)
		return keptLists{
			one:   listed(t, "one", salt),
			two:   listed(t, "two", salt),
			three: listed(t, "three", salt, build.NoCache()),
			four:  listed(t, "four", salt),
			five:  listed(t, "five", build.FreshSalt(t)),
		}, nil
	})
	require.NoError(t, err, "the builds with cache mounts did not end")
	return kept
}

// listed adds a line to the lists in the cache mounts and returns them.
func listed(t *suite.T, line string, options ...build.Option) lists {
	found, _ := build.ExportAll(t, builder.Shared(t), "fixtures/mount", append(options, build.Arg("LINE", line))...)
	return lists{strings.Fields(found.Text(t, "list")), strings.Fields(found.Text(t, "list-in-mode"))}
}
