//go:build integration

package builders

import (
	"path/filepath"
	"strings"
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/env"
	"builders.test/helpers/folder"
	"builders.test/helpers/image"
	"builders.test/helpers/registry"
	"builders.test/helpers/spec"
	"builders.test/helpers/subject"
	"github.com/stretchr/testify/require"
)

// Chapter: the open questions. Whose images a builder can build on, what it
// changes to pull one first, and what reads the image that comes out.
func TestImages(t *testing.T) {
	prove(t, "images/other-builders", otherBuildersImagesAreUnknown)
	prove(t, "images/engine", theEnginesImagesAreItsOwnBuilders)
	prove(t, "images/registry", aPushedImageIsABaseForAll)
	prove(t, "images/docker-image", aContextNamesARegistrysImage)
	prove(t, "images/oci-layout", aContextNamesAFoldersImage)
	prove(t, "images/oci-layout-digest", aContextNamesAFoldersImageByDigest)
	prove(t, "images/oci-layout-containerd", aContextNamesAFoldersImage)
	prove(t, "images/oci-layout-overlay2", theDefaultBuilderKnowsNoFolders)
	prove(t, "images/bake-target", bakeHandsATargetOn)
	prove(t, "images/bake-nodes", bakeHandsATargetOnWithinANode)

	prove(t, "images/pulled-containerd", thePulledImageIsTheBase)
	prove(t, "images/pulled-overlay2", thePulledImageIsTheBase)
	prove(t, "images/pulled-own-buildkit", aPullMeansNothingToOtherBuildKits)
	prove(t, "images/pulled-platform-containerd", aPullHoldsTheTagForEveryPlatform)
	prove(t, "images/pulled-platform-overlay2", aPullHoldsTheTagForItsPlatform)
	prove(t, "images/pulled-offline", aPulledImageNeedsNoRegistry)
	prove(t, "images/not-pulled", aBuildIsNoPull)

	prove(t, "images/dive-0.12-containerd", oldDiveFailsOnSmallLayers)
	prove(t, "images/dive-0.12-overlay2", diveReadsEveryImage(env.OldDive))
	prove(t, "images/dive-0.13-containerd", diveReadsEveryImage(env.NewDive))
	prove(t, "images/dive-0.13-overlay2", diveReadsEveryImage(env.NewDive))

	prove(t, "images/du", duCountsWhatTheBuilderBuilt)
	prove(t, "images/prune", pruneTakesTheBuildersOnly)
	prove(t, "images/prune-engine", theEnginesCacheIsAnother)
	prove(t, "images/prune-type", pruneByType)
	prove(t, "images/prune-id", pruneByID)
	prove(t, "images/prune-description", pruneByDescription)
	prove(t, "images/prune-until", pruneByAge)
	prove(t, "images/prune-all", pruneAllTakesFrontends)
	prove(t, "images/prune-running", pruneSparesWhatRuns)
	prove(t, "images/prune-reserved-space", pruneToALimit)
	prove(t, "images/prune-max-used-space", pruneToWhatMayBeUsed)
	prove(t, "images/prune-min-free-space", pruneForFreeDisk)
	prove(t, "images/prune-old-buildkit", anOldBuildKitIsNotAskedForNewLimits)
	prove(t, "images/prune-stopped", aStoppedBuilderIsNotPruned)
	prove(t, "images/system-prune", aPrunedContainerCostsNoCache)
}

const (
	baseFixture = "fixtures/images/base"
	appFixture  = "fixtures/images/app"
	bakeFile    = "fixtures/images/docker-bake.hcl"
)

// makeBase builds a base image that is told from every other by the value it
// holds.
func makeBase(t *spec.T, b *builder.Builder, options ...build.Option) (value string) {
	t.Helper()
	value = t.Env.Name("value")
	build.Run(t, b, baseFixture, append(options, build.Arg("VALUE", value))...)
	return value
}

// requireBase wants a build to start from the base image with the value. That
// a base image is not found is what these claims are about, so it is not blamed
// on the registry.
func requireBase(t *spec.T, b *builder.Builder, want, message string, options ...build.Option) {
	t.Helper()
	found, r := build.TryExport(t, b, appFixture, "id", options...)
	require.Zero(t, r.Command.ExitCode, "%s: the build on %s failed: %s", message, b.Name, r.Reason())
	require.Equal(t, want, found, message)
}

// from makes the image the base.
func from(ref string) build.Option { return build.Arg("BASE", ref) }

// requireNoBase wants a build to fail because the builder finds no image of
// that name, and not for another reason.
func requireNoBase(t *spec.T, b *builder.Builder, ref, message string, options ...build.Option) {
	t.Helper()
	r := build.Try(t, b, appFixture, options...)
	requireFailsAt(t, r, ref, message)
}

func otherBuildersImagesAreUnknown(t *spec.T) {
	ref := freshTag(t)
	maker, other := builder.Warm(t, native(t)), builder.New(t)

	makeBase(t, maker)
	requireNoBase(t, other, ref, "a builder found an image that another one kept to itself", from(ref))
	requireNoBase(t, maker, ref, "a builder found an image of its own that it gave to nobody", from(ref))

	makeBase(t, maker, build.Load(ref))
	require.True(t, image.Exists(t, ref), "the image was not loaded, so this proves nothing")
	requireNoBase(t, other, ref, "a builder found an image that another one loaded into the engine", from(ref))
	requireNoBase(t, maker, ref, "a builder found an image that it loaded into the engine", from(ref))

	// The same name in a registry is found: the builders look where it is.
	value := makeBase(t, maker, build.Push(ref))
	requireBase(t, other, value, "the build did not start from the image in the registry", from(ref))
}

// freshTag names an image of a registry that is empty as yet. Should the
// engine get an image of that name, it is removed when the spec ends.
func freshTag(t *spec.T) string {
	t.Helper()
	ref := registry.Start(t, registry.Strict).Ref("base:x")
	t.Cleanup(func() { image.Remove(t, ref) })
	return ref
}

func theEnginesImagesAreItsOwnBuilders(t *spec.T) {
	own, engines := builder.Warm(t, native(t)), builder.WarmOf(t, subject.DriverDocker, native(t))
	for _, maker := range []*builder.Builder{own, engines} {
		ref := freshTag(t)
		value := makeBase(t, maker, build.Load(ref))
		requireBase(t, engines, value, "the default builder did not start from the engine's image, which builder "+maker.Name+" put there", from(ref))
		requireNoBase(t, own, ref, "a builder with a BuildKit of its own found an image of the engine's", from(ref))
		requireNoBase(t, own, ref, "a builder with a BuildKit of its own found an image of the engine's that a context names", build.Context("base", "docker-image://"+ref))
	}
}

func aPushedImageIsABaseForAll(t *spec.T) {
	ref := freshTag(t)
	maker, other := builder.WarmOf(t, subject.DriverContainer, native(t)), builder.New(t)
	value := makeBase(t, maker, build.Push(ref))
	requireBase(t, other, value, "the build did not start from the image in the registry", from(ref))
}

func aContextNamesARegistrysImage(t *spec.T) {
	ref := freshTag(t)
	b, maker := builder.Warm(t, native(t)), builder.WarmOf(t, subject.DriverContainer, native(t))
	older := makeBase(t, maker, build.Push(ref))
	digest, found := registry.Digest(t, ref)
	require.True(t, found, "the registry does not have the image that was pushed")
	newer := makeBase(t, maker, build.Push(ref))
	byDigest := registry.Untagged(ref) + "@" + digest.String()

	for source, want := range map[string]string{
		ref:                         newer,
		byDigest:                    older,
		ref + "@" + digest.String(): older,
	} {
		requireBase(t, b, want, "the build did not start from the image that docker-image://"+source+" names", build.Context("base", "docker-image://"+source))
	}
	requireNoBase(t, b, "docker.io/library/base", "the name of a context means something without the context")
}

// layout is a folder that holds two images.
type layout struct {
	// older and newer are the values in the images, of which newer has the
	// tag "newer" and older the digest and the tag "older".
	older, newer, digest string
	// source is the folder as a build context.
	source string
}

// exported is a layout that another builder than the claim's made.
func exported(t *spec.T) layout {
	t.Helper()
	maker := builder.WarmOf(t, subject.DriverContainer, native(t))
	dir := filepath.Join(t.Env.Dir, t.Env.Name("layout"))
	l := layout{source: "oci-layout://" + dir, older: t.Env.Name("value")}
	output := "type=oci,tar=false,dest=" + dir + ",name=builders.test/base:"
	l.digest = build.Run(t, maker, baseFixture, build.Plain(), build.Arg("VALUE", l.older), build.Output(output+"older"), build.WithMetadata(t)).Metadata(t).Digest
	l.newer = makeBase(t, maker, build.Plain(), build.Output(output+"newer"))
	return l
}

func aContextNamesAFoldersImage(t *spec.T) {
	other, l := builder.New(t), exported(t)
	requireInLayout(t, other, l, ":older", l.older)
	requireInLayout(t, other, l, ":newer", l.newer)
	requireInLayout(t, other, l, ":newer@"+l.digest, l.older)
}

func aContextNamesAFoldersImageByDigest(t *spec.T) {
	other, l := builder.New(t), exported(t)
	requireInLayout(t, other, l, "@"+l.digest, l.older)
}

// requireInLayout wants a build to start from the image that the words after
// the folder choose.
func requireInLayout(t *spec.T, b *builder.Builder, l layout, chosen, want string) {
	t.Helper()
	requireBase(t, b, want, "oci-layout://…"+chosen+" did not give the base that it names", build.Context("base", l.source+chosen))
}

func theDefaultBuilderKnowsNoFolders(t *spec.T) {
	engines, l := builder.Warm(t, native(t)), exported(t)
	refused := build.Try(t, engines, appFixture, build.Context("base", l.source+":newer"))
	requireFailsAt(t, refused, "oci-layout", "the default builder on the overlay2 store took an image from a folder")
	// The folder itself is sound.
	requireInLayout(t, builder.WarmOf(t, subject.DriverContainer, native(t)), l, ":newer", l.newer)
}

func bakeHandsATargetOn(t *spec.T) {
	b, value := builder.Warm(t, native(t)), t.Env.Name("value")

	result := folder.New(t)

	build.Bake(t, b, bakeFile, "app", build.Set("base.args.VALUE", value), build.Set("app.output", "type=local,dest="+result))

	require.Equal(t, value, strings.TrimSpace(folder.Read(t, result, "id")), "the target did not start from the result of the other target")
	requireNoBase(t, b, "docker.io/library/base", "what bake handed on is known to later builds")
}

func bakeHandsATargetOnWithinANode(t *spec.T) {
	b := builder.New(t, builder.Platform("linux/amd64"))
	b.Append(t, cli.NewContext(t), builder.Platform("linux/arm64"))
	value := t.Env.Name("value")
	set := build.Set("base.args.VALUE", value)

	crossing := build.TryBake(t, b, bakeFile, "app", set, build.Set("base.platform", "linux/amd64"), build.Set("app.platform", "linux/arm64"))
	require.NotZero(t, crossing.Command.ExitCode, "bake handed a result from one node to another")
	require.Empty(t, crossing.All("RUN"), "bake refuses to hand a result from node to node, but began to build")

	result := folder.New(t)
	both := build.Bake(t, b, bakeFile, "app", set, build.Set("*.platform", "linux/amd64,linux/arm64"), build.Set("app.output", "type=local,dest="+result))
	for _, arch := range architectures {
		found := strings.TrimSpace(folder.Read(t, result, "linux_"+arch+"/id"))
		require.Equal(t, value, found, "linux/%s: the target did not start from the result of the other target", arch)
	}
	require.NotEmpty(t, both.All("RUN"), "bake reports no step that it executed, so that it began to build nothing when it refused proves nothing")
}
