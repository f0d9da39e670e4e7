//go:build integration

package builders

import (
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/files"
	"builders.test/helpers/fixture"
	"builders.test/helpers/image"
	"builders.test/helpers/registry"
	"builders.test/helpers/subject"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

const (
	docsContexts   = "https://docs.docker.com/reference/cli/docker/buildx/build/#build-context"
	docsBakeTarget = "https://docs.docker.com/build/bake/contexts/"
	docsPull       = "https://docs.docker.com/reference/cli/docker/buildx/build/#pull"
	localImages    = "https://github.com/moby/buildkit/issues/2343"
	digestOnly     = "https://github.com/docker/buildx/issues/3793"
	diveContainerd = "https://github.com/wagoodman/dive/issues/510"
)

// Chapter: the open questions. Whose images a builder can build on, what pulling one
// first changes, and which tools read the resulting image.
func TestImages(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:     "images/other-builders",
		Text:   "`FROM` does not find an image that another builder built, whether it stayed in that builder or was loaded into the engine",
		Source: "https://github.com/docker/buildx/issues/159",
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		ref := freshTag(t)
		maker, other := builder.Shared(t), builder.Borrow(t)

		// The image is in the maker's cache and in the engine.
		makeBase(t, maker, build.Load(ref))
		require.True(t, image.Exists(t, ref), "the image was not loaded, so this proves nothing")
		requireNoBase(t, other, ref, "a builder found an image that only another builder's cache and the engine have", fromImage(ref))
		requireNoBase(t, maker, ref, "a builder found an image that only its own cache and the engine have", fromImage(ref))

		// The same name in a registry is found: the builders do look there.
		bases := sharedBases(t)
		bases.put(t, "newer", ref)
		requireBase(t, other, bases.newer, "the build did not use the image in the registry as its base", fromImage(ref))
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/engine",
		Text:   "`FROM` finds the engine's images on the default builder but not on a builder with its own BuildKit, no matter which builder loaded them",
		Source: localImages,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		own, engines := builder.Shared(t), builder.SharedOf(t, subject.DriverDocker)
		var loaded []wantedBase
		for _, maker := range []*builder.Builder{own, engines} {
			ref := freshTag(t)
			value := makeBase(t, maker, build.Load(ref))
			loaded = append(loaded, wantedBase{ref, value, "the default builder did not build on the engine's image, which builder " + maker.Name + " loaded"})
		}

		requireBases(t, engines, loaded...)
		for _, image := range loaded {
			requireNoBase(t, own, image.from, "a builder with its own BuildKit found an image of the engine", fromImage(image.from))
			requireNoBase(t, own, image.from, "a builder with its own BuildKit found an image of the engine through a named context", build.Context("base", "docker-image://"+image.from))
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/registry",
		Text:   "An image that one builder pushed to a registry can be the base image on any other builder",
		Source: docsContainer,
	}, func(t *suite.T) {
		ref := freshTag(t)
		maker, other := builder.SharedOf(t, subject.DriverContainer), builder.Borrow(t)
		value := makeBase(t, maker, build.Push(ref))
		requireBase(t, other, value, "the build did not use the image in the registry as its base", fromImage(ref))
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/docker-image",
		Text:   "`--build-context name=docker-image://…` makes an image in a registry the base, named by tag, digest or both; if both, the digest decides",
		Source: docsContexts,
	}, func(t *suite.T) {
		ref := freshTag(t)
		b, bases := builder.Shared(t), sharedBases(t)
		bases.put(t, "older", ref)
		digest := registry.MustDigest(t, ref)
		bases.put(t, "newer", ref)
		named := func(image, want string) wantedBase {
			source := "docker-image://" + image
			return wantedBase{source, want, "the build did not use the image " + source + " as its base"}
		}

		requireBases(t, b,
			named(ref, bases.newer),
			named(registry.Untagged(ref)+"@"+digest, bases.older),
			named(ref+"@"+digest, bases.older))

		requireNoBase(t, b, "docker.io/library/"+contextName(0), "the name of a context resolves without the context", fromImage(contextName(0)))
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/oci-layout",
		Text:   "`--build-context name=oci-layout://…` makes an image that another builder exported to a folder the base, named by tag or by tag and digest; if both, the digest decides",
		Source: docsContexts,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, aContextNamesAFoldersImage)

	suite.Prove(t, claim.Claim{
		ID:      "images/oci-layout-digest",
		Text:    "`--build-context name=oci-layout://…@sha256:…` makes an image in the folder the base, named by its digest alone",
		Source:  digestOnly,
		Needs:   []claim.Need{claim.OwnBuildKit},
		History: "buildx v0.33.0 refuses it (invalid reference format); v0.32.1 and v0.35.0 accept it",
	}, func(t *suite.T) {
		other, exported := builder.Borrow(t), sharedBases(t)
		digest := exported.find(t, "older").Digest.String()
		requireSource(t, other, exported.chosen("@"+digest, exported.older))
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/oci-layout-containerd",
		Text:   "On the containerd store the default builder also accepts a base image from a folder with `oci-layout://`",
		Source: docsContexts,
		Needs:  []claim.Need{claim.DockerDriver, claim.ContainerdStore},
	}, aContextNamesAFoldersImage)

	suite.Prove(t, claim.Claim{
		ID:     "images/oci-layout-overlay2",
		Text:   "On the overlay2 store the default builder does not accept a base image from a folder: it does not support `oci-layout://`",
		Source: docsContexts,
		Needs:  []claim.Need{claim.DockerDriver, claim.Overlay2Store},
	}, func(t *suite.T) {
		engines, exported := builder.Shared(t), sharedBases(t)

		refused := build.Try(t, engines, appFixture, build.Context("base", exported.source()+":older"))
		refused.MustFailAt(t, "oci-layout", "the default builder on the overlay2 store accepted an image from a folder")
		// The folder itself is fine.
		requireSource(t, builder.SharedOf(t, subject.DriverContainer), exported.chosen(":older", exported.older))
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/bake-target",
		Text:   "`target:` in a bake file makes the result of one target the base of another, without a registry; later builds on that builder do not find it as a base",
		Source: docsBakeTarget,
	}, func(t *suite.T) {
		b, value := builder.Shared(t), t.Env.Name("value")

		result := fixture.New(t)

		build.Bake(t, b, bakeFile, "app", build.Set("base.args.VALUE", value), build.Set("app.output", "type=local,dest="+result))

		require.Equal(t, value, files.In(result).Text(t, "id"), "the target did not build on the result of the other target")
		requireNoBase(t, b, "docker.io/library/base", "later builds find the result that bake passed on")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/bake-nodes",
		Text:   "`target:` passes a result on within each node of a builder; bake refuses a target whose base is built on another node",
		Source: docsBakeTarget,
		Needs:  append(bothArchitectures, claim.ContainerDriver),
	}, func(t *suite.T) {
		b := builder.SharedWithNodes(t, bothPlatforms...)
		value := t.Env.Name("value")
		set := build.Set("base.args.VALUE", value)

		crossing := build.TryBake(t, b, bakeFile, "app", set, build.Set("base.platform", "linux/amd64"), build.Set("app.platform", "linux/arm64"))
		crossing.MustFail(t, "bake passed a result from one node to another")
		require.Empty(t, crossing.All("RUN"), "bake refuses to pass a result from node to node, but started to build")

		result := fixture.New(t)
		both := build.Bake(t, b, bakeFile, "app", set, build.Set("*.platform", "linux/amd64,linux/arm64"), build.Set("app.output", "type=local,dest="+result))
		for _, arch := range architectures {
			found := files.In(result).Text(t, "linux_"+arch+"/id")
			require.Equal(t, value, found, "linux/%s: the target did not build on the result of the other target", arch)
		}
		require.NotEmpty(t, both.All("RUN"), "bake does not report the steps it executes, so their absence in the refused build proves nothing")
	})

	imagesPulled(t)

	imagesDive(t)

	imagesDisk(t)
}

const (
	baseFixture = "fixtures/images/base"
	appFixture  = "fixtures/images/app"
	bakeFile    = "fixtures/images/docker-bake.hcl"
)

// makeBase builds a base image with a unique value in it.
func makeBase(t *suite.T, b *builder.Builder, options ...build.Option) (value string) {
	value = t.Env.Name("value")
	build.Run(t, b, baseFixture, append(options, build.Arg("VALUE", value))...)
	return value
}

// requireBase fails unless a build uses the base image with the value. These claims
// are about base images that are not found, so that is not blamed on the registry.
func requireBase(t *suite.T, b *builder.Builder, want, message string, options ...build.Option) {
	found, r := build.TryExport(t, b, appFixture, "id", options...)
	require.Zero(t, r.Command.ExitCode, "%s: the build on %s failed: %s", message, b.Name, r.FailureReason())
	require.Equal(t, want, found, message)
}

// fromImage makes ref the base image.
func fromImage(ref string) build.Option { return build.Arg("BASE", ref) }

// requireNoBase fails unless a build fails because the builder finds no image of
// that name.
func requireNoBase(t *suite.T, b *builder.Builder, ref, message string, options ...build.Option) {
	r := build.Try(t, b, appFixture, options...)
	r.MustFailAt(t, ref, "%s", message)
}

// freshTag names an image in a registry that is still empty. If the engine gets an
// image of that name, it is removed when the spec ends.
func freshTag(t *suite.T) string {
	ref := registry.Start(t, registry.Strict).Ref("base:x")
	t.Cleanup(func() { image.Remove(t, ref) })
	return ref
}

func aContextNamesAFoldersImage(t *suite.T) {
	other, exported := builder.Borrow(t), sharedBases(t)
	digest := exported.find(t, "older").Digest.String()
	requireBases(t, other,
		exported.chosen(":older", exported.older),
		exported.chosen(":newer", exported.newer),
		exported.chosen(":newer@"+digest, exported.older))
}
