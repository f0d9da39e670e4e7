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

// movedTag is a tag that has moved to another image since the engine pulled it.
type movedTag struct {
	// ref is the tag, in the spec's own registry.
	ref string
	// pulled and now are the values in the two images.
	pulled, now string
	bases       twoBases
}

func imagesPulled(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:     "images/pulled-containerd",
		Text:   "On the containerd store the default builder builds on the pulled image even if the tag has moved; `--pull` asks the registry, for that build only",
		Source: docsPull,
		Needs:  []claim.Need{claim.DockerDriver, claim.ContainerdStore},
	}, thePulledImageIsTheBase)

	suite.Prove(t, claim.Claim{
		ID:     "images/pulled-overlay2",
		Text:   "On the overlay2 store the default builder builds on the pulled image even if the tag has moved; `--pull` asks the registry, for that build only",
		Source: docsPull,
		Needs:  []claim.Need{claim.DockerDriver, claim.Overlay2Store},
	}, thePulledImageIsTheBase)

	suite.Prove(t, claim.Claim{
		ID:     "images/pulled-own-buildkit",
		Text:   "A builder with its own BuildKit builds on the image that the tag points to now, no matter what the engine has pulled or the builder has used before",
		Source: localImages,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.Shared(t)
		tag := pullThenMove(t, t.Native())
		requireBase(t, b, tag.now, "the engine has pulled an older image, and the builder did not build on the one that the tag points to now", fromImage(tag.ref))

		// The builder now has that image in its cache.
		tag.bases.put(t, "older", tag.ref)
		requireBase(t, b, tag.bases.older, "the tag moved, but the builder did not build on the new image", fromImage(tag.ref))
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/pulled-platform-containerd",
		Text:   "On the containerd store an image that was pulled for one platform pins the tag for all platforms: the default builder fetches the other platform of the pulled image",
		Source: docsContainerd,
		Needs:  append(bothArchitectures, claim.DockerDriver, claim.ContainerdStore),
	}, func(t *suite.T) {
		engines, tag := builder.Shared(t), pullThenMove(t, "linux/arm64")
		result := fixture.Path(t, "result")
		r := build.Try(t, engines, appFixture, fromImage(tag.ref), build.Platform(bothPlatforms...), build.Local(result))
		require.Zero(t, r.Command.ExitCode, "the image was pulled for linux/arm64, and the default builder cannot build on it for both platforms: %s", r.FailureReason())
		for _, arch := range architectures {
			require.Equal(t, tag.pulled, files.In(result).Text(t, "linux_"+arch+"/id"), "the image was pulled for linux/arm64, and for linux/%s the default builder built on another one", arch)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/pulled-platform-overlay2",
		Text:   "On the overlay2 store an image that was pulled for one platform does not affect the other: for that one the default builder uses the image that the tag points to now",
		Source: docsContainerd,
		Needs:  append(bothArchitectures, claim.DockerDriver, claim.Overlay2Store),
	}, func(t *suite.T) {
		engines, tag := builder.Shared(t), pullThenMove(t, "linux/arm64")
		for platform, want := range map[string]string{"linux/arm64": tag.pulled, "linux/amd64": tag.now} {
			requireBase(t, engines, want, "the image was pulled for linux/arm64 and the tag then moved; for "+platform+" the default builder took the wrong image", fromImage(tag.ref), build.Platform(platform))
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/pulled-offline",
		Text:   "When the registry is gone the default builder still builds on a pulled image; a builder with its own BuildKit does not, even if it has built on that image before",
		Source: localImages,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		own, engines := builder.Shared(t), builder.SharedOf(t, subject.DriverDocker)
		shelf, bases := registry.Start(t, registry.Strict), sharedBases(t)
		ref := shelf.Ref("base:x")
		bases.put(t, "newer", ref)
		image.Pull(t, ref, t.Native())
		requireBase(t, own, bases.newer, "the build did not use the image in the registry as its base", fromImage(ref))

		shelf.Stop(t)

		requireBase(t, engines, bases.newer, "the default builder did not build on the pulled image", fromImage(ref))
		requireNoBase(t, own, ref, "a builder with its own BuildKit found the image without the registry", fromImage(ref))
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/not-pulled",
		Text:   "Without a pull the default builder uses the image that the tag points to at each build, and does not add the base image to the engine's images",
		Source: docsPull,
		Needs:  []claim.Need{claim.DockerDriver},
	}, func(t *suite.T) {
		engines, maker, bases := builder.Shared(t), builder.SharedOf(t, subject.DriverContainer), sharedBases(t)
		ref := freshTag(t)
		for _, put := range []func() (value string){
			func() string { return makeBase(t, maker, build.Push(ref)) },
			func() string { bases.put(t, "newer", ref); return bases.newer },
		} {
			requireBase(t, engines, put(), "the default builder did not build on the image that the tag points to", fromImage(ref))
			require.False(t, image.Exists(t, ref), "a build added its base image to the engine's images")
		}
		image.Pull(t, ref, t.Native())
		require.True(t, image.Exists(t, ref), "a pull does not add the image to the engine's images either, so this proves nothing")
	})
}

// pullThenMove pulls a tag for one platform and then moves it to a newer image.
// Both images exist for both architectures.
func pullThenMove(t *suite.T, platform string) movedTag {
	bases := sharedBases(t)
	tag := movedTag{ref: freshTag(t), pulled: bases.older, now: bases.newer, bases: bases}
	bases.put(t, "older", tag.ref)
	image.Pull(t, tag.ref, platform)
	bases.put(t, "newer", tag.ref)
	require.NotEqual(t, tag.pulled, tag.now, "both images hold the same value, so this proves nothing")
	return tag
}

func thePulledImageIsTheBase(t *suite.T) {
	engines, tag := builder.Shared(t), pullThenMove(t, t.Native())
	requireBase(t, engines, tag.now, "--pull did not use the image that the tag points to now", fromImage(tag.ref), build.Pull())
	require.Equal(t, tag.pulled, image.Run(t, tag.ref, t.Native(), "cat", "/id"), "--pull changed the engine's image")
	requireBase(t, engines, tag.pulled, "the default builder did not build on the pulled image, or --pull changed the image that later builds use", fromImage(tag.ref))
}
