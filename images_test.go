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

// Chapter: the open questions. Whose images a builder can build on, what it
// changes to pull one first, and what reads the image that comes out.
func TestImages(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:     "images/other-builders",
		Text:   "`FROM` finds no image that another builder built, neither one which that builder kept to itself nor one which it loaded into the engine",
		Source: "https://github.com/docker/buildx/issues/159",
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		ref := freshTag(t)
		maker, other := builder.Shared(t), builder.New(t)

		makeBase(t, maker)
		requireNoBase(t, other, ref, "a builder found an image that another one kept to itself", fromImage(ref))
		requireNoBase(t, maker, ref, "a builder found an image of its own that it kept to itself", fromImage(ref))

		makeBase(t, maker, build.Load(ref))
		require.True(t, image.Exists(t, ref), "the image was not loaded, so this proves nothing")
		requireNoBase(t, other, ref, "a builder found an image that another one loaded into the engine", fromImage(ref))
		requireNoBase(t, maker, ref, "a builder found an image that it loaded into the engine", fromImage(ref))

		// The same name in a registry is found: the builders look where it is.
		value := makeBase(t, maker, build.Push(ref))
		requireBase(t, other, value, "the build did not start from the image in the registry", fromImage(ref))
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/engine",
		Text:   "`FROM` finds the engine's images on the default builder, and not on a builder with a BuildKit of its own, whoever put them there",
		Source: localImages,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		own, engines := builder.Shared(t), builder.SharedOf(t, subject.DriverDocker)
		for _, maker := range []*builder.Builder{own, engines} {
			ref := freshTag(t)
			value := makeBase(t, maker, build.Load(ref))
			requireBase(t, engines, value, "the default builder did not start from the engine's image, which builder "+maker.Name+" put there", fromImage(ref))
			requireNoBase(t, own, ref, "a builder with a BuildKit of its own found an image of the engine's", fromImage(ref))
			requireNoBase(t, own, ref, "a builder with a BuildKit of its own found an image of the engine's that a context names", build.Context("base", "docker-image://"+ref))
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/registry",
		Text:   "An image that one builder pushed to a registry is a base for any other builder",
		Source: docsContainer,
	}, func(t *suite.T) {
		ref := freshTag(t)
		maker, other := builder.SharedOf(t, subject.DriverContainer), builder.New(t)
		value := makeBase(t, maker, build.Push(ref))
		requireBase(t, other, value, "the build did not start from the image in the registry", fromImage(ref))
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/docker-image",
		Text:   "`--build-context name=docker-image://…` makes an image of a registry the base, named by tag, by digest or by both, where the digest decides",
		Source: docsContexts,
	}, func(t *suite.T) {
		ref := freshTag(t)
		b, maker := builder.Shared(t), builder.SharedOf(t, subject.DriverContainer)
		older := makeBase(t, maker, build.Push(ref))
		digest := registry.MustDigest(t, ref)
		newer := makeBase(t, maker, build.Push(ref))
		byDigest := registry.Untagged(ref) + "@" + digest

		for source, want := range map[string]string{
			ref:                newer,
			byDigest:           older,
			ref + "@" + digest: older,
		} {
			requireBase(t, b, want, "the build did not start from the image that docker-image://"+source+" names", build.Context("base", "docker-image://"+source))
		}
		requireNoBase(t, b, "docker.io/library/base", "the name of a context means something without the context")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/oci-layout",
		Text:   "`--build-context name=oci-layout://…` makes an image that another builder exported to a folder the base, named by tag or by tag and digest, where the digest decides",
		Source: docsContexts,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, aContextNamesAFoldersImage)

	suite.Prove(t, claim.Claim{
		ID:      "images/oci-layout-digest",
		Text:    "`--build-context name=oci-layout://…@sha256:…` makes an image of the folder the base that is named by its digest alone",
		Source:  digestOnly,
		Needs:   []claim.Need{claim.OwnBuildKit},
		History: "buildx v0.33.0 refuses it (invalid reference format); v0.32.1 and v0.35.0 take it",
	}, func(t *suite.T) {
		other, l := builder.New(t), exported(t)
		requireInLayout(t, other, l, "@"+l.digest, l.older)
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/oci-layout-containerd",
		Text:   "On the containerd store the default builder, too, takes a base from a folder by `oci-layout://`",
		Source: docsContexts,
		Needs:  []claim.Need{claim.DockerDriver, claim.ContainerdStore},
	}, aContextNamesAFoldersImage)

	suite.Prove(t, claim.Claim{
		ID:     "images/oci-layout-overlay2",
		Text:   "On the overlay2 store the default builder takes no base from a folder: it does not know `oci-layout://`",
		Source: docsContexts,
		Needs:  []claim.Need{claim.DockerDriver, claim.Overlay2Store},
	}, func(t *suite.T) {
		engines, l := builder.Shared(t), exported(t)
		refused := build.Try(t, engines, appFixture, build.Context("base", l.source+":newer"))
		refused.MustFailAt(t, "oci-layout", "the default builder on the overlay2 store took an image from a folder")
		// The folder itself is sound.
		requireInLayout(t, builder.SharedOf(t, subject.DriverContainer), l, ":newer", l.newer)
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/bake-target",
		Text:   "`target:` in a bake file makes the result of one target the base of another, without a registry; afterwards that builder does not find it as a base either",
		Source: docsBakeTarget,
	}, func(t *suite.T) {
		b, value := builder.Shared(t), t.Env.Name("value")

		result := fixture.New(t)

		build.Bake(t, b, bakeFile, "app", build.Set("base.args.VALUE", value), build.Set("app.output", "type=local,dest="+result))

		require.Equal(t, value, files.In(result).Text(t, "id"), "the target did not start from the result of the other target")
		requireNoBase(t, b, "docker.io/library/base", "what bake handed on is known to later builds")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/bake-nodes",
		Text:   "`target:` hands a result over on each node of a builder, and bake refuses a target whose base another node builds",
		Source: docsBakeTarget,
		Needs:  append(bothArchitectures, claim.ContainerDriver),
	}, func(t *suite.T) {
		b := builder.NewWithNodes(t, bothPlatforms...)
		value := t.Env.Name("value")
		set := build.Set("base.args.VALUE", value)

		crossing := build.TryBake(t, b, bakeFile, "app", set, build.Set("base.platform", "linux/amd64"), build.Set("app.platform", "linux/arm64"))
		crossing.MustFail(t, "bake handed a result from one node to another")
		require.Empty(t, crossing.All("RUN"), "bake refuses to hand a result from node to node, but began to build")

		result := fixture.New(t)
		both := build.Bake(t, b, bakeFile, "app", set, build.Set("*.platform", "linux/amd64,linux/arm64"), build.Set("app.output", "type=local,dest="+result))
		for _, arch := range architectures {
			found := files.In(result).Text(t, "linux_"+arch+"/id")
			require.Equal(t, value, found, "linux/%s: the target did not start from the result of the other target", arch)
		}
		require.NotEmpty(t, both.All("RUN"), "bake reports no step that it executed, so that it began to build nothing when it refused proves nothing")
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

// makeBase builds a base image that is told from every other by the value it
// holds.
func makeBase(t *suite.T, b *builder.Builder, options ...build.Option) (value string) {
	t.Helper()
	value = t.Env.Name("value")
	build.Run(t, b, baseFixture, append(options, build.Arg("VALUE", value))...)
	return value
}

// requireBase wants a build to start from the base image with the value. That
// a base image is not found is what these claims are about, so it is not blamed
// on the registry.
func requireBase(t *suite.T, b *builder.Builder, want, message string, options ...build.Option) {
	t.Helper()
	found, r := build.TryExport(t, b, appFixture, "id", options...)
	require.Zero(t, r.Command.ExitCode, "%s: the build on %s failed: %s", message, b.Name, r.FailureReason())
	require.Equal(t, want, found, message)
}

// fromImage makes the image the base.
func fromImage(ref string) build.Option { return build.Arg("BASE", ref) }

// requireNoBase wants a build to fail because the builder finds no image of
// that name, and not for another reason.
func requireNoBase(t *suite.T, b *builder.Builder, ref, message string, options ...build.Option) {
	t.Helper()
	r := build.Try(t, b, appFixture, options...)
	r.MustFailAt(t, ref, "%s", message)
}

// freshTag names an image of a registry that is empty as yet. Should the
// engine get an image of that name, it is removed when the spec ends.
func freshTag(t *suite.T) string {
	t.Helper()
	ref := registry.Start(t, registry.Strict).Ref("base:x")
	t.Cleanup(func() { image.Remove(t, ref) })
	return ref
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
func exported(t *suite.T) layout {
	t.Helper()
	maker := builder.SharedOf(t, subject.DriverContainer)
	dir := fixture.Path(t, "layout")
	l := layout{source: "oci-layout://" + dir, older: t.Env.Name("value")}
	output := "type=oci,tar=false,dest=" + dir + ",name=builders.test/base:"
	l.digest = build.Run(t, maker, baseFixture, build.NoProvenance(), build.Arg("VALUE", l.older), build.Output(output+"older"), build.WithMetadata(t)).Metadata(t).Digest
	l.newer = makeBase(t, maker, build.NoProvenance(), build.Output(output+"newer"))
	return l
}

func aContextNamesAFoldersImage(t *suite.T) {
	other, l := builder.New(t), exported(t)
	requireInLayout(t, other, l, ":older", l.older)
	requireInLayout(t, other, l, ":newer", l.newer)
	requireInLayout(t, other, l, ":newer@"+l.digest, l.older)
}

// requireInLayout wants a build to start from the image that the words after
// the folder choose.
func requireInLayout(t *suite.T, b *builder.Builder, l layout, chosen, want string) {
	t.Helper()
	requireBase(t, b, want, "oci-layout://…"+chosen+" did not give the base that it names", build.Context("base", l.source+chosen))
}
