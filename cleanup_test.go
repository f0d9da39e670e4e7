//go:build integration

package builders

import (
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/cli"
	"builders.test/helpers/engine"
	"builders.test/helpers/image"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// Chapter: rm leaves nothing behind and removes nothing else.
func TestCleanup(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:     "cleanup/rm",
		Text:   "`rm` removes the builder's container, state volume and record, and leaves every other builder's",
		Source: docsRm,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		kept := builder.Borrow(t)
		config := kept.Config.ByDocker()
		removed := builder.New(t, builder.In(config), builder.Bootstrapped())
		requireWhole(t, removed)

		config.Buildx(t, "rm", removed.Name)

		requireGone(t, removed)
		requireWhole(t, kept)
		require.True(t, engine.Container(t, kept.Container()).State.Running, "rm of one builder stopped another")
	})

	suite.Prove(t, claim.Claim{
		ID:     "cleanup/keep-state",
		Text:   "`rm --keep-state` keeps the state volume, and a builder of the same name finds its cache again",
		Source: docsRm,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		b := builder.New(t)
		engine.RemoveVolumeAfter(t, b.Volume())
		value, _ := probe.Draw(t, b)

		b.Config.Buildx(t, "rm", "--keep-state", b.Name)

		require.False(t, engine.HasContainer(t, b.Container()), "rm --keep-state left the container")
		require.False(t, b.Recorded(), "rm --keep-state left the builder's record")
		require.True(t, engine.HasVolume(t, b.Volume()), "rm --keep-state removed the state volume")
		successor := builder.New(t, builder.In(b.Config), builder.Named(b.Name))
		probe.MustHit(t, successor, value, "a builder of the same name did not find the kept cache")
	})

	suite.Prove(t, claim.Claim{
		ID:     "cleanup/current",
		Text:   "Removing the current builder makes the default builder current again",
		Source: docsRm,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		config := cli.NewConfig(t).ByDocker()
		bystander := builder.New(t, builder.In(config))
		current := builder.New(t, builder.In(config), builder.Use())
		require.Equal(t, current.Name, builder.Current(builder.List(t, config)), "--use did not make the builder current")

		config.Buildx(t, "rm", current.Name)

		require.Equal(t, "default", builder.Current(builder.List(t, config)), "removing the current builder did not make the default one current (another builder is %s)", bystander.Name)
	})

	suite.Prove(t, claim.Claim{
		ID:     "cleanup/images",
		Text:   "An image that a builder loaded into the engine survives the builder and still runs",
		Source: docsRm,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		ref := image.New(t, "processor")
		b := builder.New(t)
		build.Run(t, b, "fixtures/processor", build.Load(ref))

		b.Config.Buildx(t, "rm", b.Name)

		requireGone(t, b)
		require.True(t, image.Exists(t, ref), "rm removed the image that the builder had loaded")
		require.Equal(t, t.Env.Engine.Machine(), image.Run(t, ref, t.Native()), "the image no longer runs after its builder is gone")
	})

	suite.Prove(t, claim.Claim{
		ID:      "cleanup/container-gone",
		Text:    "When the container was removed behind buildx's back, `rm` removes the record and leaves the state volume on disk",
		Source:  "https://github.com/docker/buildx/issues/4067",
		Needs:   []claim.Need{claim.ContainerDriver},
		History: "True up to buildx v0.38.2 at least: rm looks for the volume among the mounts of a container that is no longer there",
	}, func(t *suite.T) {
		b := builder.New(t, builder.Bootstrapped())
		engine.RemoveVolumeAfter(t, b.Volume())
		engine.RemoveContainer(t, b.Container())

		b.Config.Buildx(t, "rm", b.Name)

		require.False(t, b.Recorded(), "rm of a builder whose container is gone left its record")
		require.True(t, engine.HasVolume(t, b.Volume()), "rm of a builder whose container is gone now removes its state volume, too: good news; add the buildx release that fixed it to the claim")
	})

	suite.Prove(t, claim.Claim{
		ID:     "cleanup/stop",
		Text:   "`stop` stops the container and keeps it, its state volume and the record",
		Source: docsStop,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		b := builder.New(t, builder.Bootstrapped())
		b.Config.Buildx(t, "stop", b.Name)
		requireWhole(t, b)
		require.False(t, engine.Container(t, b.Container()).State.Running, "stop left the container running")
		require.Equal(t, "stopped", b.Inspect(t)[0].Status, "buildx does not report the builder as stopped")
	})

	suite.Prove(t, claim.Claim{
		ID:     "cleanup/all-inactive",
		Text:   "`rm --all-inactive` removes the builders that are not running and keeps those that are",
		Source: docsRm,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		running := builder.Borrow(t)
		config := running.Config.ByDocker()
		stopped := builder.New(t, builder.In(config), builder.Bootstrapped())
		config.Buildx(t, "stop", stopped.Name)

		config.Buildx(t, "rm", "--all-inactive", "--force")

		requireGone(t, stopped)
		requireWhole(t, running)
	})

	suite.Prove(t, claim.Claim{
		ID:     "cleanup/default",
		Text:   "The default builder cannot be removed",
		Source: docsRm,
		Needs:  []claim.Need{claim.DockerDriver},
	}, func(t *suite.T) {
		config := cli.NewConfig(t).ByDocker()
		refused := config.Try(t, "buildx", "rm", "default")
		require.NotZero(t, refused.ExitCode, "rm reports that it removed the engine's own builder")
		_, listed := builder.Find(builder.List(t, config), "default")
		require.True(t, listed, "the engine's own builder is gone")
	})
}

// requireGone fails for each part of a builder that is still there.
func requireGone(t *suite.T, b *builder.Builder) {
	require.False(t, engine.HasContainer(t, b.Container()), "rm left the container %s", b.Container())
	require.False(t, engine.HasVolume(t, b.Volume()), "rm left the state volume %s", b.Volume())
	require.False(t, b.Recorded(), "rm left the builder's record in the configuration")
}

// requireWhole fails for each part of a builder that is missing.
func requireWhole(t *suite.T, b *builder.Builder) {
	require.True(t, engine.HasContainer(t, b.Container()), "the container %s is missing", b.Container())
	require.True(t, engine.HasVolume(t, b.Volume()), "the state volume %s is missing", b.Volume())
	require.True(t, b.Recorded(), "the builder's record is missing from the configuration")
}
