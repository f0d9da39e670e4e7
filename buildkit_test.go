//go:build integration

package builders

import (
	"strings"
	"sync"
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/env"
	"builders.test/helpers/folder"
	"builders.test/helpers/spec"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/fs"
)

// Chapter: why BuildKit. The reasons are those that Docker's documentation
// gives; the bodies about files are in buildkit_files_test.go, those about the
// engine in buildkit_traces_test.go.
func TestBuildkit(t *testing.T) {
	prove(t, "buildkit/unused-stage", unneededStagesDoNotRun)
	prove(t, "buildkit/unused-image", unneededImagesAreNotLookedUp)
	prove(t, "buildkit/unused-folder", unneededFoldersAreNotSent)
	prove(t, "buildkit/unused-context", unneededContextImagesAreNotLookedUp)
	prove(t, "buildkit/parallel", independentStagesMeet)
	prove(t, "buildkit/max-parallelism", oneAtATimeTheyMissEachOther)
	prove(t, "buildkit/failure-cancels", aFailedStageCancelsTheOthers)
	prove(t, "buildkit/common-step", aCommonStepRunsOnce)
	prove(t, "buildkit/nothing-changed", nothingChangedNothingSent)
	prove(t, "buildkit/one-changed", onlyTheChangedFileIsSent)
	prove(t, "buildkit/only-touched", aTouchedFileIsSentAndCached)
	prove(t, "buildkit/unused-files", onlyCopiedFilesAreSent)
	prove(t, "buildkit/dockerignore", ignoredFilesAreNotSent)
	prove(t, "buildkit/dockerignore-of-its-own", aDockerfilesOwnIgnoreFileWins)
	prove(t, "buildkit/late-change", laterStepsRunAgain)
	prove(t, "buildkit/unused-argument", unseenArgumentsKeepTheCache)
	prove(t, "buildkit/cache-mount", noCacheEmptiesCacheMounts)
	prove(t, "buildkit/no-traces", buildsLeaveNoTraces)
	prove(t, "buildkit/gc-by-itself", theCacheIsPrunedByItself)
	prove(t, "buildkit/gc-mounts-first", mountsAndSourcesGoBeforeLayers)
	prove(t, "buildkit/gc-least-used", theLeastUsedGoesFirst)
	prove(t, "buildkit/gc-recent", whatWasUsedRecentlyStays)
	prove(t, "buildkit/gc-reserved-space", theReservedSpaceStays)
	prove(t, "buildkit/gc-own-policy", theFirstRuleIsForTheReproducible)
	prove(t, "buildkit/gc-after-build", prunedAfterABuild)
}

// salted gives builds a value that no other builds have, so that no other
// spec's cache answers them, and cache mounts of their own.
func salted(t *spec.T) build.Option {
	t.Helper()
	return saltedWith(t.Env.Name("salt"))
}

func saltedWith(salt string) build.Option {
	return append(build.Arg("SALT", salt), build.Arg("BUILDKIT_CACHE_MOUNT_NS", salt)...)
}

func warm(t *spec.T) *builder.Builder {
	t.Helper()
	return builder.Warm(t, "linux/"+t.Env.Engine.Arch)
}

// A build with --no-cache empties the cache mounts that it uses. When it does,
// BuildKit also lets go of all others that are in use (ClearActiveCacheMounts
// in its solver/llbsolver/mounts): builds that share one would not find each
// other any more. Specs of the two kinds therefore keep apart.
func mountLock(t *spec.T) *sync.RWMutex {
	t.Helper()
	lock, err := env.Shared(t.Env, "cache mounts", func() (*sync.RWMutex, error) { return new(sync.RWMutex), nil })
	require.NoError(t, err)
	return lock
}

// sharesMounts keeps builds with --no-cache away until the spec ends.
func sharesMounts(t *spec.T) {
	t.Helper()
	lock := mountLock(t)
	lock.RLock()
	t.Cleanup(lock.RUnlock)
}

// emptiesMounts keeps builds that share a cache mount away until the spec ends.
func emptiesMounts(t *spec.T) {
	t.Helper()
	lock := mountLock(t)
	lock.Lock()
	t.Cleanup(lock.Unlock)
}

func requireRan(t *spec.T, r *build.Result, step string) {
	t.Helper()
	require.True(t, r.Step(t, step).Executed(), "the step %q of the wanted stage was not executed", step)
}

func requireFails(t *spec.T, r *build.Result, message string) {
	t.Helper()
	require.NotZero(t, r.Command.ExitCode, message)
}

func unneededStagesDoNotRun(t *spec.T) {
	b, salt := warm(t), salted(t)

	r := build.Try(t, b, "fixtures/stages", salt, build.CacheOnly())
	require.False(t, r.Has("&& false"), "a step of a stage that the wanted one does not need took part in the build")
	require.False(t, r.Has("nowhere"), "the image of a stage that the wanted one does not need was looked up: %s", r.Complaint())
	r.MustSucceed(t)
	requireRan(t, r, "> /wanted")

	asked := build.Try(t, b, "fixtures/stages", salt, build.CacheOnly(), build.Target("failing"))
	requireFails(t, asked, "the stage that cannot be built was asked for and built, so this proves nothing")
	require.NotEmpty(t, asked.Step(t, "&& false").Error, "the build failed for another reason than its failing step: %s", asked.Complaint())
}

func unneededImagesAreNotLookedUp(t *spec.T) {
	b := warm(t)

	r := build.Try(t, b, "fixtures/stages", salted(t), build.CacheOnly())
	require.False(t, r.Has("nowhere"), "the image of a stage that the wanted one does not need was looked up: %s", r.Complaint())
	r.MustSucceed(t)
	requireRan(t, r, "> /wanted")

	asked := build.Try(t, b, "fixtures/stages", build.CacheOnly(), build.Target("without-image"))
	requireFails(t, asked, "an image that is nowhere was found, so this proves nothing")
	require.True(t, asked.Has("nowhere"), "the image was asked for and not looked up, so this proves nothing")
}

func unneededFoldersAreNotSent(t *spec.T) {
	const size = 500_000 // bytes
	b := warm(t)
	extra := build.Context("extra", folder.New(t, fs.WithFile("large", folder.Noise(size))))

	r := build.Try(t, b, "fixtures/stages", salted(t), build.CacheOnly(), extra)
	require.False(t, r.Has("nowhere"), "the image of a stage that the wanted one does not need was looked up: %s", r.Complaint())
	r.MustSucceed(t)
	requireRan(t, r, "> /wanted")
	require.Less(t, r.Sent(), int64(size/10), "files of a folder that only unneeded stages use were sent")

	asked := build.Run(t, b, "fixtures/stages", build.CacheOnly(), extra, build.Target("with-extra"))
	require.GreaterOrEqual(t, asked.Sent(), int64(size), "the folder was needed and not sent, so this proves nothing")
}

func unneededContextImagesAreNotLookedUp(t *spec.T) {
	b := warm(t)
	extra := build.Context("extra", "docker-image://127.0.0.1:1/elsewhere")

	r := build.Try(t, b, "fixtures/stages", salted(t), build.CacheOnly(), extra)
	require.False(t, r.Has("elsewhere"), "an image that only unneeded stages use was looked up: %s", r.Complaint())
	r.MustSucceed(t)
	requireRan(t, r, "> /wanted")

	asked := build.Try(t, b, "fixtures/stages", build.CacheOnly(), extra, build.Target("with-extra"))
	requireFails(t, asked, "an image that is nowhere was found, so this proves nothing")
	require.True(t, asked.Has("elsewhere"), "the image was needed and not looked up, so this proves nothing")
}

// meeting builds two stages of which each waits so many seconds for the other,
// and returns both steps and what they found.
func meeting(t *spec.T, b *builder.Builder, patience string) (left, right build.Vertex, found string) {
	t.Helper()
	r := build.Run(t, b, "fixtures/meeting", salted(t), build.Arg("PATIENCE", patience), build.CacheOnly())
	left, right = r.Step(t, "meet.sh left"), r.Step(t, "meet.sh right")
	return left, right, strings.TrimSpace(left.Log) + ", " + strings.TrimSpace(right.Log)
}

func independentStagesMeet(t *spec.T) {
	sharesMounts(t)
	left, right, found := meeting(t, warm(t), "60")
	require.Equal(t, "together, together", found, "two stages that need nothing of each other did not run at the same time within a minute")
	require.True(t, left.Overlaps(right), "the stages ran at the same time, but BuildKit reports otherwise")
}

func oneAtATimeTheyMissEachOther(t *spec.T) {
	sharesMounts(t)
	_, _, found := meeting(t, warm(t), "60")
	require.Equal(t, "together, together", found, "without max-parallelism the stages do not run at the same time, so this proves nothing")

	limited := builder.New(t, builder.Config("[worker.oci]\n  max-parallelism = 1"))
	left, right, found := meeting(t, limited, "3")
	require.Equal(t, "alone, alone", found, "with max-parallelism = 1 two steps ran at the same time")
	require.False(t, left.Overlaps(right), "with max-parallelism = 1 BuildKit reports two steps at the same time")
}

func aFailedStageCancelsTheOthers(t *spec.T) {
	sharesMounts(t)
	b, dockerfile := warm(t), build.File("fixtures/gate/failure.Dockerfile")

	failed := build.Try(t, b, "fixtures/gate", dockerfile, salted(t), build.Arg("END", "1"), build.CacheOnly())
	requireFails(t, failed, "one of two needed stages failed and the build succeeded")
	require.NotEmpty(t, failed.Step(t, "[hasty").Error, "the build failed for another reason than its failing stage: %s", failed.Complaint())
	require.True(t, failed.Step(t, "/gate/waits &&").Canceled(), "one stage failed, and the other was not cancelled")

	whole := build.Run(t, b, "fixtures/gate", dockerfile, salted(t), build.Arg("END", "0"), build.CacheOnly())
	require.True(t, whole.Step(t, "/gate/waits &&").Executed(), "no stage failed, and the patient one did not finish, so this proves nothing")
}

// draw starts a build that waits at the gate and then draws a value, and
// returns when it waits.
func draw(t *spec.T, b *builder.Builder, who string, salt build.Option, dest string) *build.Running {
	t.Helper()
	running := build.Start(t, b, "fixtures/gate", salt, build.Arg("WHO", who), build.Output("type=local,dest="+dest))
	running.Await(t, "uuid > /id")
	return running
}

func openGate(t *spec.T, b *builder.Builder, salt build.Option) {
	t.Helper()
	build.Run(t, b, "fixtures/gate", salt, build.Target("open"), build.CacheOnly())
}

func aCommonStepRunsOnce(t *spec.T) {
	sharesMounts(t)
	b, salt := warm(t), salted(t)
	first, second, third := folder.New(t), folder.New(t), folder.New(t)

	one := draw(t, b, "one", salt, first)
	two := draw(t, b, "two", salt, second)
	openGate(t, b, salt)
	one.MustWait(t)
	two.MustWait(t)
	require.Equal(t, folder.Read(t, first, "id"), folder.Read(t, second, "id"), "a step that two builds had in common was executed once for each")

	other := salted(t)
	three := draw(t, b, "three", other, third)
	openGate(t, b, other)
	three.MustWait(t)
	require.NotEqual(t, folder.Read(t, first, "id"), folder.Read(t, third, "id"), "another step drew the same value, so this proves nothing")
}

// steps builds three steps in a row and returns which of them were executed.
func steps(t *spec.T, b *builder.Builder, options ...build.Option) []string {
	t.Helper()
	r := build.Run(t, b, "fixtures/steps", append(options, build.CacheOnly())...)
	executed := []string{}
	for _, name := range []string{"first", "second", "third"} {
		if r.Step(t, "RUN : "+name).Executed() {
			executed = append(executed, name)
		}
	}
	return executed
}

func laterStepsRunAgain(t *spec.T) {
	b, salt := warm(t), salted(t)
	require.Equal(t, []string{"first", "second", "third"}, steps(t, b, salt), "the first build does not execute every step")
	require.Empty(t, steps(t, b, salt), "the second build executes steps again although nothing changed")
	for i, argument := range []string{"FIRST", "SECOND", "THIRD"} {
		again := []string{"first", "second", "third"}[i:]
		require.Equal(t, again, steps(t, b, salt, build.Arg(argument, "changed")), "the argument %s changed, and other steps than those after it were executed", argument)
	}
}

func unseenArgumentsKeepTheCache(t *spec.T) {
	b, salt := warm(t), salted(t)
	require.NotEmpty(t, steps(t, b, salt), "the first build executes nothing")
	require.Empty(t, steps(t, b, salt, build.Arg("LAST", "changed")), "an argument that is declared after every step made steps run again")
	require.Empty(t, steps(t, b, salt, build.Arg("UNKNOWN", "changed")), "an argument that is nowhere declared made steps run again")
	require.NotEmpty(t, steps(t, b, salt, build.Arg("THIRD", "changed")), "an argument that a step can see changed, and no step ran again, so this proves nothing")
}

// listed adds a line to the list in a cache mount and returns the list.
func listed(t *spec.T, b *builder.Builder, line string, options ...build.Option) []string {
	t.Helper()
	list, _ := build.Export(t, b, "fixtures/mount", "list", append(options, build.Arg("LINE", line))...)
	return strings.Fields(list)
}

func noCacheEmptiesCacheMounts(t *spec.T) {
	emptiesMounts(t)
	b, salt := warm(t), salted(t)
	require.Equal(t, []string{"one"}, listed(t, b, "one", salt), "a cache mount that nobody used holds something")
	require.Equal(t, []string{"one", "two"}, listed(t, b, "two", salt), "the cache mount lost what the first build had put there")
	require.Equal(t, []string{"three"}, listed(t, b, "three", salt, build.NoCache()), "--no-cache did not begin with an empty cache mount")
	require.Equal(t, []string{"three", "four"}, listed(t, b, "four", salt), "the build after --no-cache does not go on with its cache mount")
	require.Equal(t, []string{"five"}, listed(t, b, "five", salted(t)), "another BUILDKIT_CACHE_MOUNT_NS shares the cache mount, so this proves nothing")
}
