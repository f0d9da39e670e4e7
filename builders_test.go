//go:build integration

package builders

import (
	"strings"
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/cli"
	"builders.test/helpers/engine"
	"builders.test/helpers/image"
	"builders.test/helpers/registry"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// Chapter: a builder is a BuildKit container that buildx manages.
func TestBuilders(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:     "builders/version",
		Text:   "`docker buildx version` prints the version of the plugin under test",
		Source: docsVersion,
	}, func(t *suite.T) {
		own := cli.Program(t, t.Env.Buildx.Path, "version").Stdout()
		asked := cli.NewConfig(t).ByDocker().Buildx(t, "version").Stdout()
		require.Equal(t, own, asked, "docker buildx is not the plugin under test")
		require.Contains(t, asked, t.Env.Buildx.Version, "the plugin changed its version during the run")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/ls",
		Text:   "`ls` lists each created builder with its driver and node, and marks the current one",
		Source: docsLs,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		config := cli.NewConfig(t).ByDocker()
		first := builder.New(t, builder.In(config))
		second := builder.New(t, builder.In(config), builder.Use())

		listed := builder.List(t, config)

		for _, b := range []*builder.Builder{first, second} {
			found, ok := builder.Find(listed, b.Name)
			require.True(t, ok, "ls does not list the builder %s", b.Name)
			require.Equal(t, t.Driver, found.Driver, "ls does not show the driver that the builder was created with")
			require.Len(t, found.Nodes, 1, "a builder that was created once does not have exactly one node")
			require.Equal(t, b.Node(), found.Nodes[0].Name, "the node is not named after the builder")
			require.Equal(t, b == second, found.Current, "ls marks the wrong builder as the current one: %s", b.Name)
		}
		require.Equal(t, second.Name, builder.Current(listed), "ls marks another builder as the current one")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/create-starts-nothing",
		Text:   "`create` alone starts no container; `inspect --bootstrap` or the first build does",
		Source: docsCreate,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		asked := builder.New(t)
		require.False(t, engine.HasContainer(t, asked.Container()), "create alone already made a container")
		asked.Bootstrap(t)
		require.True(t, engine.Container(t, asked.Container()).State.Running, "inspect --bootstrap did not start the container")

		built := builder.New(t)
		require.False(t, engine.HasContainer(t, built.Container()), "create alone already made a container")
		build.Run(t, built, "fixtures/caching")
		require.True(t, engine.Container(t, built.Container()).State.Running, "the first build did not start the container")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/use",
		Text:   "`create --use` and `use` make a builder current in its own configuration only",
		Source: docsUse,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		here, elsewhere := cli.NewConfig(t).ByDocker(), cli.NewConfig(t).ByDocker()
		there := builder.New(t, builder.In(elsewhere), builder.Use())

		used := builder.New(t, builder.In(here), builder.Use())
		idle := builder.New(t, builder.In(here))

		require.Equal(t, used.Name, builder.Current(builder.List(t, here)),
			"--use did not make the builder current, or creating %s without --use replaced it", idle.Name)
		here.Buildx(t, "use", idle.Name)
		require.Equal(t, idle.Name, builder.Current(builder.List(t, here)), "`use` did not make the builder current")

		listedThere := builder.List(t, elsewhere)
		require.Equal(t, there.Name, builder.Current(listedThere), "--use or `use` changed the current builder of another configuration")
		_, known := builder.Find(listedThere, used.Name)
		require.False(t, known, "a builder appears in a configuration that it was not created in")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/builder-variable",
		Text:   "BUILDX_BUILDER overrides the current builder and does not change the stored choice",
		Source: docsVariables,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		config := cli.NewConfig(t).ByDocker()
		current := builder.New(t, builder.In(config), builder.Use())
		named := builder.New(t, builder.In(config))

		overridden := config.With("BUILDX_BUILDER=" + named.Name)
		require.Equal(t, named.Name, builder.Chosen(t, overridden), "BUILDX_BUILDER does not select the builder")
		require.Equal(t, current.Name, builder.Chosen(t, config), "BUILDX_BUILDER changed the stored choice")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/name-taken",
		Text:   "`create` refuses a name that is already taken and leaves the existing builder unchanged",
		Source: docsCreate,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		before := engine.Container(t, b.Container()).ID

		again := b.Config.Try(t, "buildx", "create", "--name", b.Name, "--driver", "docker-container")

		require.NotZero(t, again.ExitCode, "create accepted a name that is already taken")
		require.Equal(t, before, engine.Container(t, b.Container()).ID, "the refused create replaced the builder's container")
		require.Equal(t, t.BuildKit, b.DaemonVersion(t), "the refused create changed the builder's BuildKit")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/pinned-image",
		Text:   "The container `buildx_buildkit_<name>0` runs the pinned image, and its buildkitd reports exactly that version",
		Source: docsContainer,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		b := builder.Shared(t)

		container := engine.Container(t, b.Container())
		require.True(t, container.State.Running, "the builder's container is not running")
		require.Equal(t, t.Env.BuildKit.Image, container.Config.Image, "the container does not use the pinned image")
		require.Equal(t, image.Inspect(t, t.Env.BuildKit.Image, "").ID, container.Image, "the container uses an outdated copy of the pinned image")
		require.Equal(t, t.Env.BuildKit.Version, b.DaemonVersion(t), "the pinned image's buildkitd reports another version")
		if tag, isRelease := strings.CutPrefix(t.Env.BuildKit.Image, "moby/buildkit:v"); isRelease {
			require.Equal(t, "v"+tag, b.DaemonVersion(t), "the daemon's version does not match its tag")
		}
		require.Equal(t, t.Env.BuildKit.Version, b.Inspect(t)[0].Version, "buildx inspect does not show the daemon's version")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/network-host",
		Text:   "With `--driver-opt network=host` the builder's container uses the host's network; without it, it does not",
		Source: docsContainer,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		host := builder.Shared(t) // as every builder that does not choose a network
		require.Equal(t, "host", string(engine.Container(t, host.Container()).HostConfig.NetworkMode), "network=host did not reach the container")

		other := builder.New(t, builder.Network(""), builder.Bootstrapped())
		require.NotEqual(t, "host", string(engine.Container(t, other.Container()).HostConfig.NetworkMode), "without network=host the container uses the host's network, too")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/arch",
		Text:   "`/bin/arch` in the container of the amd64 and of the arm64 builder prints the architecture of the engine's host",
		Source: docsPlatforms,
		Needs:  []claim.Need{claim.ContainerDriver, claim.AMD64, claim.ARM64},
	}, func(t *suite.T) {
		for _, platform := range bothPlatforms {
			b := builder.SharedFor(t, platform)
			require.Equal(t, t.Env.Engine.Machine(), b.Exec(t, "/bin/arch"),
				"the builder's container for %s does not have the engine host's architecture", platform)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/platforms",
		Text:   "`create --platform` marks platforms as preferred and leaves the detected ones as they are",
		Source: docsCreate,
		Needs:  []claim.Need{claim.OwnBuildKit, claim.ARM64},
	}, func(t *suite.T) {
		detected := builder.Borrow(t).Inspect(t)[0]
		require.Empty(t, detected.Preferred, "a builder created without --platform still prefers some")

		preferring := builder.SharedFor(t, "linux/arm64").Inspect(t)[0]
		require.Equal(t, []string{"linux/arm64"}, preferring.Preferred, "--platform does not mark the platforms it lists as preferred")
		require.ElementsMatch(t, detected.Platforms, preferring.Platforms, "--platform changed the platforms that the builder supports")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/side-by-side",
		Text:   "Two builders pinned to different BuildKit versions work side by side and share nothing",
		Source: docsBuilders,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		otherImage, otherVersion := t.Env.Companion()
		mine := builder.Shared(t)
		other := builder.New(t, builder.In(mine.Config.ByDocker()), builder.Pinned(otherImage), builder.Bootstrapped())

		require.Equal(t, t.Env.BuildKit.Version, mine.DaemonVersion(t), "next to a second builder, the builder runs another version")
		require.Equal(t, otherVersion, other.DaemonVersion(t), "the second builder does not run the version it is pinned to")

		salt := build.Salt(t)
		fromMine, _ := build.Export(t, mine, "fixtures/caching", "id", salt)
		fromOther, _ := build.Export(t, other, "fixtures/caching", "id", salt)
		require.NotEqual(t, fromMine, fromOther, "two builders of different versions share a result")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/default-image",
		Text:   "A builder created without an image runs the image that `moby/buildkit:buildx-stable-1` points to at that moment",
		Source: docsBuildKitHub,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		b := unpinned(t)

		container := engine.Container(t, b.Container())
		require.Equal(t, builder.DefaultImage, container.Config.Image, "a builder without an image does not run the stable tag")
		require.Equal(t, b.stable, container.Image, "the container does not run the image that the stable tag pointed to")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/default-image-moves",
		Text:   "When `buildx-stable-1` moves, a new builder gets the new BuildKit and an existing builder keeps the old one",
		Source: docsContainer,
		Needs:  []claim.Need{claim.ContainerDriver, claim.Mirror},
	}, func(t *suite.T) {
		tag := registry.LockTag(t, builder.DefaultImage)
		oldImage, oldVersion := t.Env.BuildKit.Image, t.Env.BuildKit.Version
		newImage, newVersion := t.Env.Companion()

		tag.Retag(oldImage)
		before := builder.New(t, builder.Unpinned(), builder.Bootstrapped())
		require.Equal(t, oldVersion, before.DaemonVersion(t), "the builder did not get the image that the stable tag pointed to when it was created")

		tag.Retag(newImage)
		after := builder.New(t, builder.Unpinned(), builder.Bootstrapped())
		require.Equal(t, newVersion, after.DaemonVersion(t), "the tag moved, but a new builder still gets the old BuildKit")

		build.Run(t, before, "fixtures/caching")
		require.Equal(t, oldVersion, before.DaemonVersion(t), "the tag moved, and a build changed the BuildKit of an existing builder")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/default-image-offline",
		Text:   "When the pull of `buildx-stable-1` fails, the engine's local copy is used",
		Source: docsContainer,
		Needs:  []claim.Need{claim.ContainerDriver, claim.Mirror},
	}, func(t *suite.T) {
		tag := registry.LockTag(t, builder.DefaultImage)
		t.EnvironmentOK(t.Env.SaveTag(t.Context(), builder.DefaultImage), "the engine's own copy")
		config, pull := cli.NewConfig(t).ByDocker(), []string{"pull", "--quiet", builder.DefaultImage}
		tag.Retag(t.Env.BuildKit.Image)
		config.Docker(t, pull...)

		tag.RetagUnpullable()
		require.NotZero(t, config.Try(t, pull...).ExitCode, "the pull succeeds, so this proves nothing")

		b := builder.New(t, builder.Unpinned(), builder.Bootstrapped())
		require.Equal(t, t.Env.BuildKit.Version, b.DaemonVersion(t), "the pull failed and the local copy was not used")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/engine-buildkit",
		Text:   "The default builder's BuildKit is the engine's own, in the version that the engine was built with",
		Source: docsDocker,
		Needs:  []claim.Need{claim.DockerDriver, claim.EngineProgram},
	}, func(t *suite.T) {
		listed := builder.List(t, cli.NewConfig(t).ByDocker())
		engines, ok := builder.Find(listed, "default")
		require.True(t, ok, "a fresh configuration has no default builder")
		require.Equal(t, "docker", engines.Driver, "the default builder is not the engine's")
		require.Equal(t, engine.BuiltInBuildKit(t), engines.Nodes[0].Version, "the default builder's BuildKit is not the one the engine was built with")
	})

	suite.Prove(t, claim.Claim{
		ID:     "builders/engine-fixed",
		Text:   "The default builder's BuildKit cannot be chosen, and no second builder with the docker driver can be created",
		Source: docsDocker,
		Needs:  []claim.Need{claim.DockerDriver},
	}, func(t *suite.T) {
		config := cli.NewConfig(t).ByDocker()
		image := "image=" + t.Env.BuildKit.Image
		for _, args := range [][]string{
			{"create", "--driver", "docker"},
			{"create", "--driver", "docker", "--driver-opt", image},
			{"create", "--name", "default", "--driver-opt", image},
		} {
			refused := config.Try(t, append([]string{"buildx"}, args...)...)
			require.NotZero(t, refused.ExitCode, "`docker buildx %s` succeeded: the engine's BuildKit can be chosen", strings.Join(args, " "))
		}
		// Each docker context is a builder, and other specs make contexts.
		for _, b := range builder.List(t, config) {
			require.Len(t, b.Nodes, 1, "a refused create added a node to the builder %s", b.Name)
			require.Equal(t, b.Name, b.Nodes[0].Endpoint, "a refused create left the builder %s behind", b.Name)
		}
	})
}

// unpinnedBuilder is a builder that names no image.
type unpinnedBuilder struct {
	*builder.Builder
	// stable is the image that the stable tag pointed to when the builder was created.
	stable string
}

// unpinned returns such a builder. Claims share it.
func unpinned(t *suite.T) unpinnedBuilder {
	b, err := suite.Shared(t, t.SharedKey("unpinned builder and its image"), func() (unpinnedBuilder, error) {
		registry.RLockTags(t)
		b := builder.SharedUnpinned(t)
		return unpinnedBuilder{b, image.Inspect(t, builder.DefaultImage, "").ID}, nil
	})
	require.NoError(t, err, "the unpinned builder was not created")
	return b
}
