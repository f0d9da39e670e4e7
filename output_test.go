//go:build integration

package builders

import (
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/engine"
	"builders.test/helpers/env"
	"builders.test/helpers/fixture"
	"builders.test/helpers/image"
	"builders.test/helpers/progress"
	"builders.test/helpers/registry"
	"builders.test/helpers/subject"
	"builders.test/helpers/suite"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"
)

const (
	docsExporters  = "https://docs.docker.com/build/exporters/"
	docsImage      = "https://docs.docker.com/build/exporters/image-registry/"
	docsOCI        = "https://docs.docker.com/build/exporters/oci-docker/"
	docsLocalTar   = "https://docs.docker.com/build/exporters/local-tar/"
	docsStore      = "https://docs.docker.com/engine/storage/containerd/"
	partialPush    = "https://github.com/docker/buildx/pull/4058"
	emulation      = "https://github.com/moby/buildkit/blob/master/docs/multi-platform.md"
	imageDigestIDs = "https://github.com/moby/moby/issues/45458"
)

// Chapter: where the result of a build goes. The image prints a value unique to the
// claim, which identifies it as the claim's build.
func TestOutput(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:     "output/none",
		Text:   "Without an output a build succeeds, warns, and leaves no image in the engine, only cache, which the second build uses",
		Source: docsBuild,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		// Not a shared builder: other builds there may make a step run again.
		b := builder.Borrow(t)
		ref := image.New(t, "none")

		first := build.Run(t, b, "fixtures/output", printing(t, ""), build.Tag(ref))
		require.NotEqual(t, progress.Yes, first.Cached("RUN echo"), "the first build already finds its step in the cache")
		requireWarning(t, first)
		require.Empty(t, ownImages(t), "a build without an output left an image in the engine")

		second := build.Run(t, b, "fixtures/output", printing(t, ""), build.Load(ref))
		require.True(t, second.Step(t, "RUN echo").Cached, "a build without an output left no cache either")
		require.NotContains(t, second.Stderr(), "--load", "a build with an output warns that it has none")
		require.NotEmpty(t, ownImages(t), "the loaded image is not found by its label, so finding none proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/load",
		Text:   "`--load` loads the image into the engine, where it runs",
		Source: docsBuild,
	}, func(t *suite.T) {
		loaded := loadedByLabel(t)
		require.Equal(t, loaded.salt, image.Run(t, loaded.ref, t.Native()), "the engine's image is not what was built")
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/push",
		Text:   "`--push` pushes the image to the registry, under the digest in the metadata file, and does not load it into the engine",
		Source: docsBuild,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		ref := registry.Start(t, registry.Strict).Ref("output:push")
		b := builder.Shared(t)

		r := build.Run(t, b, "fixtures/output", printing(t, ""), build.Push(ref), build.WithMetadata(t))

		require.Empty(t, ownImages(t), "--push left an image in the engine")
		requireDigest(t, ref, r.Metadata(t).Digest)
		image.Pull(t, ref, t.Native())
		requirePrints(t, ref, "", "the registry's image is not what was built")
		require.NotEmpty(t, ownImages(t), "the pulled image is not found by its label, so finding none proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:      "output/load-and-push",
		Text:    "`--load --push` puts the image in the engine and in the registry",
		Source:  docsExporters,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.13")},
		History: "BuildKit before v0.13 supports one output only; buildx refuses the build and says so",
	}, func(t *suite.T) {
		ref := registry.Start(t, registry.Strict).Ref("output:both")
		b := builder.Shared(t)
		engine.RemoveTracesAfter(t, ownLabel(t))

		build.Run(t, b, "fixtures/output", printing(t, ""), build.Push(ref), build.Load(ref))

		requirePrints(t, ref, "", "the engine's image is not what was built")
		image.Remove(t, ref)
		image.Pull(t, ref, t.Native())
		requirePrints(t, ref, "", "the registry's image is not what was built")
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/default-builder",
		Text:   "The default builder's results are images in the engine even without `--load`, with or without a name, and `--load` changes nothing",
		Source: docsDocker,
		Needs:  []claim.Need{claim.DockerDriver},
	}, func(t *suite.T) {
		b := builder.New(t)
		named, loaded := image.New(t, "named"), image.New(t, "loaded")
		engine.RemoveTracesAfter(t, ownLabel(t))

		// In an empty configuration the current builder is the default one.
		unnamed := build.TryIn(t, b.Config, "fixtures/output", printing(t, "unnamed"), build.IDFile(t))
		require.NotEmpty(t, unnamed.ID(t), "a build without a name makes no image")
		byName := build.Run(t, b, "fixtures/output", printing(t, "named"), build.Tag(named))
		byLoad := build.Run(t, b, "fixtures/output", printing(t, "loaded"), build.Load(loaded))

		for word, ref := range map[string]string{"unnamed": unnamed.ID(t), "named": named, "loaded": loaded} {
			requirePrints(t, ref, word, "the engine's %s image is not what was built", word)
		}
		for _, r := range []*build.Result{unnamed, byName, byLoad} {
			require.NotContains(t, r.Stderr(), "--load", "the default builder warns that its result is not exported")
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/default-builder-push",
		Text:   "With `--push` the default builder's image is in the registry and in the engine",
		Source: docsDocker,
		Needs:  []claim.Need{claim.DockerDriver},
	}, func(t *suite.T) {
		ref := registry.Start(t, registry.Strict).Ref("output:default")
		b := builder.New(t)
		engine.RemoveTracesAfter(t, ownLabel(t))

		r := build.Run(t, b, "fixtures/output", printing(t, ""), build.Push(ref), build.WithMetadata(t))

		requirePrints(t, ref, "", "the engine's image is not what was built")
		requireDigest(t, ref, r.Metadata(t).Digest)
		image.Remove(t, ref)
		require.Empty(t, ownImages(t), "the engine's image was not removed, so the next step proves nothing")
		image.Pull(t, ref, t.Native())
		requirePrints(t, ref, "", "the registry's image is not what was built")
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/default-load",
		Text:   "A builder created with `default-load=true` loads by default and does not warn",
		Source: docsContainer,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.New(t, builder.DriverOpt("default-load=true"))
		ref := image.New(t, "default-load")

		r := build.Run(t, b, "fixtures/output", printing(t, ""), build.Tag(ref))

		requirePrints(t, ref, "", "the engine's image is not what was built")
		require.NotContains(t, r.Stderr(), "--load", "a builder that loads by default warns that the result is not exported")
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/cacheonly",
		Text:   "`type=cacheonly` leaves no image with any driver, and does not warn",
		Source: docsExporters,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		ref := image.New(t, "cacheonly")

		r := build.Run(t, b, "fixtures/output", printing(t, ""), build.Tag(ref), build.CacheOnly())
		require.NotContains(t, r.Stderr(), "--load", "type=cacheonly warns that the result stays in the cache")
		require.Empty(t, ownImages(t), "type=cacheonly left an image in the engine")
		require.NotEmpty(t, engine.FindTraces(t, loadedByLabel(t).label()).Images, "the loaded image is not found by its label, so finding none proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/image",
		Text:   "`type=image` without a push leaves nothing in the engine either, and does not warn",
		Source: docsImage,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.Shared(t)
		ref := image.New(t, "image")

		r := build.Run(t, b, "fixtures/output", printing(t, ""), build.Tag(ref), build.Output("type=image"), build.WithMetadata(t))
		require.NotEmpty(t, r.Metadata(t).Digest, "no image was made, so this proves nothing")
		require.NotContains(t, r.Stderr(), "--load", "type=image warns that the result is not exported")
		require.Empty(t, ownImages(t), "type=image put the image in the engine")
		require.NotEmpty(t, engine.FindTraces(t, loadedByLabel(t).label()).Images, "the loaded image is not found by its label, so finding none proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/platforms-containerd",
		Text:   "On the containerd store `--load` with several platforms keeps them all, and each runs as its own platform",
		Source: docsStore,
		Needs:  append(bothArchitectures, claim.ContainerdStore),
	}, func(t *suite.T) {
		b := builder.Shared(t)
		ref := image.New(t, "platforms")
		build.Run(t, b, "fixtures/processor", build.Platform(bothPlatforms...), build.Load(ref))
		for _, arch := range architectures {
			require.Equal(t, env.Machine(arch), image.Run(t, ref, "linux/"+arch), "the loaded image for %s runs as another architecture", arch)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/platforms-overlay2",
		Text:   "On the overlay2 store `--load` with several platforms is refused with a reason, and leaves nothing behind",
		Source: docsStore,
		Needs:  []claim.Need{claim.Overlay2Store},
	}, func(t *suite.T) {
		b := builder.Shared(t)
		ref := image.New(t, "platforms")

		refused := build.Try(t, b, "fixtures/push", printing(t, ""), build.Platform(bothPlatforms...), build.Load(ref))
		refused.MustFail(t, "several platforms were loaded into an engine whose store keeps one")
		require.Contains(t, refused.Stderr(), "manifest lists", "the error does not say that several platforms are the reason")
		require.Empty(t, ownImages(t), "the refused build left an image in the engine")

		build.Run(t, b, "fixtures/push", printing(t, ""), build.Platform("linux/arm64"), build.Load(ref))
		require.NotEmpty(t, ownImages(t), "one platform is not loaded either, so this proves nothing about several")
	})

	suite.Prove(t, claim.Claim{
		ID:      "output/ids-containerd",
		Text:    "On the containerd store, with every driver, the id file and the metadata file name the engine's image: its manifest, or with provenance its index",
		Source:  imageDigestIDs,
		Needs:   []claim.Need{claim.ContainerdStore},
		History: "buildx before v0.36 writes the config digest, which the engine does not know, for the docker driver without provenance (docker/buildx#3952); v0.23 does so for the docker-container driver as well (docker/buildx#3136)",
	}, func(t *suite.T) {
		for _, b := range eachDriver(t) {
			plain, id := requireID(t, b, "no provenance", build.NoProvenance())
			require.True(t, types.MediaType(plain.MediaType).IsImage(), "driver %s, no provenance: the id names a %s", b.Driver, plain.MediaType)
			require.Equal(t, id, plain.Digest, "driver %s: the id file and the metadata file disagree", b.Driver)
			attested, id := requireID(t, b, "provenance", build.Provenance())
			require.True(t, types.MediaType(attested.MediaType).IsIndex(), "driver %s, provenance: the id names a %s", b.Driver, attested.MediaType)
			require.Equal(t, id, attested.Digest, "driver %s: the id file and the metadata file disagree", b.Driver)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/ids-overlay2",
		Text:   "On the overlay2 store, with every driver, the id file names the engine's image by its config digest",
		Source: imageDigestIDs,
		Needs:  []claim.Need{claim.Overlay2Store},
	}, func(t *suite.T) {
		for _, b := range eachDriver(t) {
			plain, id := requireID(t, b, "no provenance", build.NoProvenance())
			require.Equal(t, plain.Config, id, "driver %s: the id file and the metadata file disagree", b.Driver)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/emulated",
		Text:   "A loaded arm64 image runs on an engine of another architecture that emulates arm64",
		Source: docsPlatforms,
		Needs:  []claim.Need{claim.EmulatedARM64},
	}, func(t *suite.T) {
		ref := processorImage(t, "linux/arm64")
		require.Equal(t, env.Machine("arm64"), image.Run(t, ref, "linux/arm64"), "the arm64 image runs as another architecture")
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/not-emulated",
		Text:   "An image for a platform that the engine's host can neither execute nor emulate loads, but running it fails with `exec format error`",
		Source: emulation,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		ref := image.New(t, "foreign")
		context, platform := fixture.Foreign(t, b.Inspect(t)[0].Platforms)

		build.Run(t, b, context, build.File("fixtures/foreign/Dockerfile"), build.Platform(platform), build.Load(ref))

		inspected := image.Inspect(t, ref, platform)
		require.Equal(t, platform, inspected.Os+"/"+inspected.Architecture, "the engine's image is not for the platform that was built")
		ran := image.Try(t, ref, platform)
		require.NotZero(t, ran.Exit, "a program for %s ran, though nothing here can execute it", platform)
		require.Contains(t, ran.Stderr, "exec format error", "running an image for %s does not report its format as the reason", platform)
	})

	outputFiles(t)

	outputPush(t)
}

// printing makes a build's result print the claim's salt and the word, which
// distinguishes several images of one claim. It also labels the image, so that it can
// be found in the engine without a name.
func printing(t *suite.T, word string) build.Option {
	return build.All(build.Salt(t, word), build.Label(claimLabel, t.Salt()))
}

const claimLabel = "builders.claim"

// ownLabel returns the label of the claim's images, as an engine's filter takes it.
func ownLabel(t *suite.T) string { return claimLabel + "=" + t.Salt() }

// ownImages returns this claim's images in the engine.
func ownImages(t *suite.T) []string {
	return engine.FindTraces(t, ownLabel(t)).Images
}

// labeled is an image that prints a salt and carries it as its label.
type labeled struct{ ref, salt string }

func (l labeled) label() string { return claimLabel + "=" + l.salt }

// loadedByLabel returns such an image, which a build loaded into the engine. Claims share it.
func loadedByLabel(t *suite.T) labeled {
	loaded, err := suite.Shared(t, t.SharedKey("image loaded by "+t.Driver), func() (labeled, error) {
		l := labeled{ref: t.Env.SharedImage("load"), salt: t.Env.Name("salt")}
		build.Run(t, builder.Shared(t), "fixtures/output", build.SaltWith(l.salt), build.Label(claimLabel, l.salt), build.Load(l.ref))
		return l, nil
	})
	require.NoError(t, err, "the image was not built and loaded")
	return loaded
}

// requirePrints runs an image in the engine and checks what it prints.
func requirePrints(t *suite.T, ref, word, message string, args ...any) {
	require.Equal(t, t.Salt()+word, image.Run(t, ref, t.Native()), append([]any{message}, args...)...)
}

// requireWarning looks for the two flags that the warning suggests.
func requireWarning(t *suite.T, r *build.Result) {
	for _, wayOut := range []string{"--push", "--load"} {
		require.Contains(t, r.Stderr(), wayOut, "the build does not warn that its result is not exported")
	}
}

// requireDigest compares what buildx reports as pushed with what was pushed.
func requireDigest(t *suite.T, ref, noted string) {
	require.Equal(t, registry.MustDigest(t, ref), noted, "the metadata file does not name the registry's digest")
}

// eachDriver returns the claim's builder and the engine's own one.
func eachDriver(t *suite.T) []*builder.Builder {
	if t.Driver == subject.DriverDocker {
		return []*builder.Builder{builder.New(t)}
	}
	return []*builder.Builder{builder.Shared(t), builder.New(t, builder.Driver(subject.DriverDocker))}
}

// requireID builds an image and fails unless the engine knows it by the id in
// buildx's id file. It returns that id and buildx's metadata.
func requireID(t *suite.T, b *builder.Builder, what string, provenance build.Option) (m build.Metadata, id string) {
	ref, word := image.New(t, "ids"), b.Driver+" "+what
	r := build.Run(t, b, "fixtures/output", printing(t, word), provenance, build.Load(ref), build.IDFile(t), build.WithMetadata(t))
	require.Equal(t, image.Inspect(t, ref, "").ID, r.ID(t), "driver %s, %s: the id file does not name the engine's image", b.Driver, what)
	requirePrints(t, r.ID(t), word, "driver %s, %s: the id is that of another image", b.Driver, what)
	return r.Metadata(t), r.ID(t)
}
