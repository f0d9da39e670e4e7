//go:build integration

package builders

import (
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/image"
	"builders.test/helpers/registry"
	"builders.test/helpers/subject"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// movedTag is a tag that the engine pulled when it named another image than
// it does now.
type movedTag struct {
	// ref is the tag, in a registry of the spec's own.
	ref string
	// pulled and now are the values in the two images.
	pulled, now string
}

func imagesPulled(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:     "images/pulled-containerd",
		Text:   "On the containerd store the default builder builds from the image that was pulled although the tag has moved; `--pull` asks the registry, for that one build",
		Source: docsPull,
		Needs:  []claim.Need{claim.DockerDriver, claim.ContainerdStore},
	}, thePulledImageIsTheBase)

	suite.Prove(t, claim.Claim{
		ID:     "images/pulled-overlay2",
		Text:   "On the overlay2 store the default builder builds from the image that was pulled although the tag has moved; `--pull` asks the registry, for that one build",
		Source: docsPull,
		Needs:  []claim.Need{claim.DockerDriver, claim.Overlay2Store},
	}, thePulledImageIsTheBase)

	suite.Prove(t, claim.Claim{
		ID:     "images/pulled-own-buildkit",
		Text:   "A builder with a BuildKit of its own builds from what the tag names now, whatever the engine has pulled and the builder has built from before",
		Source: localImages,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.Shared(t)
		tag := pullThenMove(t, t.Native(), t.Native())
		requireBase(t, b, tag.now, "the builder did not build from the image that the tag names now, but the engine pulled an older one", fromImage(tag.ref))

		// The builder now has that image in its cache.
		newer := makeBase(t, b, build.Push(tag.ref))
		requireBase(t, b, newer, "the tag moved, and the builder built from the image that it had before", fromImage(tag.ref))
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/pulled-platform-containerd",
		Text:   "On the containerd store an image that was pulled for one platform holds the tag for all: the default builder fetches the other platform of the image that was pulled",
		Source: docsContainerd,
		Needs:  append(bothArchitectures, claim.DockerDriver, claim.ContainerdStore),
	}, func(t *suite.T) {
		engines, tag := builder.Shared(t), pullThenMove(t, "linux/arm64", "linux/amd64,linux/arm64")
		for _, platform := range []string{"linux/arm64", "linux/amd64"} {
			requireBase(t, engines, tag.pulled, "the image was pulled for linux/arm64, and for "+platform+" the default builder built from another one", fromImage(tag.ref), build.Platform(platform))
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/pulled-platform-overlay2",
		Text:   "On the overlay2 store an image that was pulled for one platform says nothing of the other: for that the default builder takes what the tag names now",
		Source: docsContainerd,
		Needs:  append(bothArchitectures, claim.DockerDriver, claim.Overlay2Store),
	}, func(t *suite.T) {
		engines, tag := builder.Shared(t), pullThenMove(t, "linux/arm64", "linux/amd64,linux/arm64")
		for platform, want := range map[string]string{"linux/arm64": tag.pulled, "linux/amd64": tag.now} {
			requireBase(t, engines, want, "the image was pulled for linux/arm64 and the tag then moved; for "+platform+" the default builder took the wrong image", fromImage(tag.ref), build.Platform(platform))
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/pulled-offline",
		Text:   "Without its registry the default builder still builds from an image that was pulled, and a builder with a BuildKit of its own does not, even if it has built from it before",
		Source: localImages,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		own, engines := builder.Shared(t), builder.SharedOf(t, subject.DriverDocker)
		shelf := registry.Start(t, registry.Strict)
		ref := shelf.Ref("base:x")
		value := makeBase(t, own, build.Push(ref))
		image.Pull(t, ref, t.Native())
		requireBase(t, own, value, "the build did not start from the image in the registry", fromImage(ref))

		shelf.Stop(t)

		requireBase(t, engines, value, "the default builder did not build from the image that was pulled", fromImage(ref))
		requireNoBase(t, own, ref, "a builder with a BuildKit of its own found the image without the registry", fromImage(ref))
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/not-pulled",
		Text:   "Without a pull the default builder takes what the tag names at each build, and the base image does not become one of the engine's",
		Source: docsPull,
		Needs:  []claim.Need{claim.DockerDriver},
	}, func(t *suite.T) {
		engines, maker := builder.Shared(t), builder.SharedOf(t, subject.DriverContainer)
		ref := freshTag(t)
		for range 2 {
			value := makeBase(t, maker, build.Push(ref))
			requireBase(t, engines, value, "the default builder did not build from the image that the tag names", fromImage(ref))
			require.False(t, image.Exists(t, ref), "a build made its base image one of the engine's")
		}
		image.Pull(t, ref, t.Native())
		require.True(t, image.Exists(t, ref), "a pull does not make the image one of the engine's either, so this proves nothing")
	})
}

// pullThenMove pulls a tag for one platform and then lets it name a newer
// image. Both images are there for all the platforms.
func pullThenMove(t *suite.T, platform, platforms string) movedTag {
	t.Helper()
	maker := builder.SharedOf(t, subject.DriverContainer)
	tag := movedTag{ref: freshTag(t)}
	tag.pulled = makeBase(t, maker, build.Push(tag.ref), build.Platform(platforms))
	image.Pull(t, tag.ref, platform)
	tag.now = makeBase(t, maker, build.Push(tag.ref), build.Platform(platforms))
	require.NotEqual(t, tag.pulled, tag.now, "both images hold the same value, so this proves nothing")
	return tag
}

func thePulledImageIsTheBase(t *suite.T) {
	engines, tag := builder.Shared(t), pullThenMove(t, t.Native(), t.Native())
	requireBase(t, engines, tag.pulled, "the default builder did not build from the image that was pulled", fromImage(tag.ref))
	requireBase(t, engines, tag.now, "--pull did not take the image that the tag names now", fromImage(tag.ref), build.Pull())
	requireBase(t, engines, tag.pulled, "--pull changed what later builds take", fromImage(tag.ref))
	require.Equal(t, tag.pulled, image.Run(t, tag.ref, t.Native(), "cat", "/id"), "--pull changed the engine's image")
}
