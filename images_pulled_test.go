//go:build integration

package builders

import (
	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/env"
	"builders.test/helpers/image"
	"builders.test/helpers/registry"
	"builders.test/helpers/spec"
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

// pullThenMove pulls a tag for one platform and then lets it name a newer
// image. Both images are there for all the platforms.
func pullThenMove(t *spec.T, platform, platforms string) movedTag {
	t.Helper()
	maker := builder.WarmOf(t, env.DriverContainer, native(t))
	tag := movedTag{ref: freshTag(t)}
	tag.pulled = makeBase(t, maker, build.Push(tag.ref), build.Platform(platforms))
	image.Pull(t, tag.ref, platform)
	tag.now = makeBase(t, maker, build.Push(tag.ref), build.Platform(platforms))
	require.NotEqual(t, tag.pulled, tag.now, "both images hold the same value, so this proves nothing")
	return tag
}

func thePulledImageIsTheBase(t *spec.T) {
	engines, tag := builder.Warm(t, native(t)), pullThenMove(t, native(t), native(t))
	require.Equal(t, tag.pulled, inBase(t, engines, from(tag.ref)), "the default builder did not build from the image that was pulled")
	require.Equal(t, tag.now, inBase(t, engines, from(tag.ref), build.Pull()), "--pull did not take the image that the tag names now")
	require.Equal(t, tag.pulled, inBase(t, engines, from(tag.ref)), "--pull changed what later builds take")
	require.Equal(t, tag.pulled, image.Run(t, tag.ref, native(t), "cat", "/id"), "--pull changed the engine's image")
}

func aPullMeansNothingToOtherBuildKits(t *spec.T) {
	b := builder.Warm(t, native(t))
	tag := pullThenMove(t, native(t), native(t))
	require.Equal(t, tag.now, inBase(t, b, from(tag.ref)), "the builder built from the image that the engine pulled")

	// The builder now has that image in its cache.
	newer := makeBase(t, b, build.Push(tag.ref))
	require.Equal(t, newer, inBase(t, b, from(tag.ref)), "the tag moved, and the builder built from the image that it had before")
}

func aPullHoldsTheTagForEveryPlatform(t *spec.T) {
	engines, tag := builder.Warm(t, native(t)), pullThenMove(t, "linux/arm64", "linux/amd64,linux/arm64")
	for _, platform := range []string{"linux/arm64", "linux/amd64"} {
		require.Equal(t, tag.pulled, inBase(t, engines, from(tag.ref), build.Platform(platform)),
			"the image was pulled for linux/arm64, and for %s the default builder built from another one", platform)
	}
}

func aPullHoldsTheTagForItsPlatform(t *spec.T) {
	engines, tag := builder.Warm(t, native(t)), pullThenMove(t, "linux/arm64", "linux/amd64,linux/arm64")
	for platform, want := range map[string]string{"linux/arm64": tag.pulled, "linux/amd64": tag.now} {
		require.Equal(t, want, inBase(t, engines, from(tag.ref), build.Platform(platform)),
			"the image was pulled for linux/arm64 and the tag then moved; for %s the default builder took the wrong image", platform)
	}
}

func aPulledImageNeedsNoRegistry(t *spec.T) {
	own, engines := builder.Warm(t, native(t)), builder.WarmOf(t, env.DriverDocker, native(t))
	shelf := registry.Start(t, registry.Strict)
	ref := shelf.Ref("base:x")
	value := makeBase(t, own, build.Push(ref))
	image.Pull(t, ref, native(t))
	require.Equal(t, value, inBase(t, own, from(ref)), "the build started from another image than the one in the registry")

	shelf.Stop(t)

	require.Equal(t, value, inBase(t, engines, from(ref)), "the default builder did not build from the image that was pulled")
	requireNoBase(t, own, ref, "a builder with a BuildKit of its own found the image without the registry", from(ref))
}

func aBuildIsNoPull(t *spec.T) {
	engines, maker := builder.Warm(t, native(t)), builder.WarmOf(t, env.DriverContainer, native(t))
	ref := freshTag(t)
	for range 2 {
		value := makeBase(t, maker, build.Push(ref))
		require.Equal(t, value, inBase(t, engines, from(ref)), "the default builder built from another image than the tag names")
		require.False(t, image.Exists(t, ref), "a build made its base image one of the engine's")
	}
	image.Pull(t, ref, native(t))
	require.True(t, image.Exists(t, ref), "a pull does not make the image one of the engine's either, so this proves nothing")
}
