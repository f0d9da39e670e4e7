//go:build integration

package builders

import (
	"strings"
	"testing"
	"time"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/cache"
	"builders.test/helpers/claim"
	"builders.test/helpers/cli"
	"builders.test/helpers/engine"
	"builders.test/helpers/fixture"
	"builders.test/helpers/image"
	"builders.test/helpers/progress"
	"builders.test/helpers/subject"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

const (
	docsDrivers = "https://docs.docker.com/build/builders/drivers/"
	docsRemote  = "https://docs.docker.com/build/builders/drivers/remote/"
	docsEpoch   = "https://docs.docker.com/build/ci/github-actions/reproducible-builds/"
)

// Chapter: the same builds on every driver.
func TestDrivers(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:     "drivers/remote-unix",
		Text:   "A remote builder at `unix://…` builds in the BuildKit that listens on the socket, and reports its version",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver, claim.LocalEngine},
	}, func(t *suite.T) { requireReached(t, builder.UnixSocket) })

	suite.Prove(t, claim.Claim{
		ID:     "drivers/remote-tcp",
		Text:   "A remote builder at `tcp://…` builds in the BuildKit that listens there, and reports its version",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver, claim.LocalEngine},
	}, func(t *suite.T) { requireReached(t, builder.PlainTCP) })

	suite.Prove(t, claim.Claim{
		ID:     "drivers/remote-tls",
		Text:   "A remote builder at `tcp://…` with `cacert`, `cert` and `key` builds in a BuildKit that requires client certificates, and reports its version",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver, claim.LocalEngine},
	}, func(t *suite.T) { requireReached(t, builder.MutualTLS) })

	suite.Prove(t, claim.Claim{
		ID:     "drivers/remote-tls-stranger",
		Text:   "A BuildKit that requires client certificates does nothing for a builder whose certificate is from an unknown authority",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver, claim.LocalEngine},
		Takes:  20 * time.Second,
	}, func(t *suite.T) { requireStranger(t, builder.UntrustedCert) })

	suite.Prove(t, claim.Claim{
		ID:     "drivers/remote-tls-nobody",
		Text:   "A BuildKit that requires client certificates does nothing for a builder that presents none",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver, claim.LocalEngine},
		Takes:  20 * time.Second,
	}, func(t *suite.T) { requireStranger(t, builder.NoCert) })

	suite.Prove(t, claim.Claim{
		ID:     "drivers/remote-container",
		Text:   "A remote builder at `docker-container://…` builds in that container's BuildKit, and reports its version",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver},
	}, func(t *suite.T) { requireReached(t, builder.DockerExec) })

	suite.Prove(t, claim.Claim{
		ID:     "drivers/remote-versions",
		Text:   "Two remote builders that point to BuildKits of different versions each report the version of their own, and build there",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver},
	}, func(t *suite.T) {
		cache.CountsShared(t)
		otherImage, otherVersion := t.Env.Companion()
		mine, other := builder.Shared(t), builder.New(t, builder.Pinned(otherImage))

		require.Equal(t, t.BuildKit, mine.Inspect(t)[0].Version, "buildx does not report the version of the BuildKit that the first builder points to")
		require.Equal(t, otherVersion, other.Inspect(t)[0].Version, "buildx does not report the version of the BuildKit that the second builder points to")
		for _, b := range []*builder.Builder{mine, other} {
			context, mark := fixture.Marked(t)
			build.Run(t, b, context)
			for _, candidate := range []*builder.Builder{mine, other} {
				built := strings.Contains(candidate.Records(t), mark)
				require.Equal(t, candidate == b, built, "the build on %s was executed by the wrong BuildKit (checked that of %s)", b.Name, candidate.Name)
			}
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "drivers/remote-create",
		Text:   "`create` of a remote builder starts nothing: the builder is inactive while its BuildKit is down, and running once it is up",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver},
	}, func(t *suite.T) {
		administrators := builder.New(t, builder.Down())

		b := builder.New(t, builder.SharingDaemonOf(administrators))

		require.True(t, b.Recorded(), "create did not make a builder while its BuildKit was down")
		require.Equal(t, "inactive", b.Inspect(t)[0].Status, "buildx does not report a BuildKit that is down as inactive")
		require.False(t, engine.Container(t, administrators.Container()).State.Running, "create or inspect started the BuildKit that its administrator had not started")
		require.False(t, engine.HasContainer(t, builder.ContainerOf(b.Node())), "create of a remote builder made a container as the docker-container driver does")

		b.Config.Docker(t, "start", administrators.Container())
		administrators.AwaitDaemon(t)
		require.Equal(t, "running", b.Inspect(t)[0].Status, "the BuildKit is up, but its builder does not find it")
		probe.Draw(t, b)
	})

	suite.Prove(t, claim.Claim{
		ID:     "drivers/remote-rm",
		Text:   "`stop` and `rm` of a remote builder leave its BuildKit running and its cache intact; a new builder for the same endpoint finds that cache",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver},
	}, func(t *suite.T) {
		administrators := builder.New(t)
		before := engine.Container(t, administrators.Container()).State
		value, _ := probe.Draw(t, administrators)

		administrators.Config.Buildx(t, "stop", administrators.Name)
		administrators.Config.Buildx(t, "rm", administrators.Name)

		require.False(t, administrators.Recorded(), "rm left the builder's record")
		after := engine.Container(t, administrators.Container()).State
		require.True(t, after.Running, "stop or rm of a remote builder stopped its BuildKit")
		require.Equal(t, before.StartedAt, after.StartedAt, "stop or rm of a remote builder restarted its BuildKit")
		probe.MustHit(t, builder.New(t, builder.SharingDaemonOf(administrators)), value, "a new builder for the same endpoint does not find the cache")
	})

	suite.Prove(t, claim.Claim{
		ID:     "drivers/remote-shared",
		Text:   "Remote builders that point to the same BuildKit share its cache; those that point to different ones share none",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver},
	}, func(t *suite.T) {
		first := builder.New(t)
		second, elsewhere := builder.New(t, builder.SharingDaemonOf(first)), builder.Shared(t)
		value, cached := probe.Draw(t, first)
		require.NotEqual(t, progress.Yes, cached, "the first build already finds its step in the cache")

		probe.MustHit(t, second, value, "two builders that point to one BuildKit do not share its cache")
		probe.MustMiss(t, elsewhere, value, "a builder that points to another BuildKit found the cache")
		probe.MustHit(t, first, value, "the first builder lost its cache when another BuildKit built the same")
	})

	suite.Prove(t, claim.Claim{
		ID:     "drivers/image-store",
		Text:   "Without `--load`, a build with the docker driver leaves an image in the engine; a build with any other driver does not",
		Source: docsDrivers,
		Needs:  []claim.Need{claim.DockerDriver},
	}, func(t *suite.T) {
		for driver, stays := range map[string]bool{subject.DriverDocker: true, subject.DriverContainer: false, subject.DriverRemote: false} {
			ref := image.New(t, "unloaded")
			build.Run(t, builder.SharedOf(t, driver), "fixtures/processor", build.Tag(ref))
			if !stays {
				require.False(t, image.Exists(t, ref), "a build on the %s driver without --load left an image in the engine", driver)
				continue
			}
			require.True(t, image.Exists(t, ref), "a build on the %s driver left no image in the engine", driver)
			require.Equal(t, t.Env.Engine.Machine(), image.Run(t, ref, t.Native()), "the image that the %s driver built does not run", driver)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "drivers/contexts",
		Text:   "Every docker context is a builder with the docker driver and the context's name; it uses the BuildKit and cache of the context's engine, and is the current builder in that context",
		Source: docsDocker,
		Needs:  []claim.Need{claim.DockerDriver},
	}, func(t *suite.T) {
		engines := builder.New(t)
		contexts := builder.OfContext(engines.Config, cli.NewContext(t))

		found, listed := builder.Find(builder.List(t, engines.Config), contexts.Name)
		require.True(t, listed, "ls does not list the docker context %s as a builder", contexts.Name)
		require.Equal(t, "docker", found.Driver, "the builder of a docker context does not have the docker driver")
		require.Equal(t, t.BuildKit, found.Nodes[0].Version, "the builder of a docker context does not have the BuildKit of the context's engine")
		require.Equal(t, contexts.Name, builder.Chosen(t, contexts.Config), "in a docker context its own builder is not the current one")

		context, mark := fixture.Marked(t)
		build.Run(t, contexts, context)
		require.Contains(t, engines.Records(t), mark, "the builder of a docker context did not build in the cache of the context's engine")
	})

	suite.Prove(t, claim.Claim{
		ID:      "drivers/same-result",
		Text:    "The same build gives the same layers and the same configuration on every driver",
		Source:  docsEpoch,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.12")},
		History: "Releases before v0.12 write user and group names into layers, later ones only the numeric ids (moby/buildkit#3688): their layers are never equal",
	}, func(t *suite.T) {
		results := map[string]image.Content{}
		for _, driver := range subject.Drivers {
			results[driver] = reproducible(t, driver, "same")
			require.NotEmpty(t, results[driver].Layers, "the image that the %s driver built has no layers", driver)
		}
		reference := results[subject.DriverContainer]
		for _, driver := range subject.Drivers {
			require.Equal(t, reference.Layers, results[driver].Layers, "the layers from the %s driver differ from those of the docker-container driver", driver)
			require.Equal(t, reference, results[driver], "the %s driver makes the same layers as the docker-container driver, but a different configuration", driver)
		}
		changed := reproducible(t, t.Driver, "changed")
		require.NotEqual(t, reference.Layers, changed.Layers, "a different Dockerfile gives the same layers, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "drivers/options",
		Text:   "`create` refuses an option that only another driver supports, and leaves no builder behind",
		Source: docsDrivers,
	}, func(t *suite.T) {
		config := cli.NewConfig(t)
		for _, args := range [][]string{
			{"--driver", "docker-container", "--driver-opt", "cacert=/ca.pem"},
			{"--driver", "remote", "--driver-opt", "network=host", "tcp://127.0.0.1:1"},
			{"--driver", "remote", "--driver-opt", "image=" + t.Env.BuildKit.Image, "tcp://127.0.0.1:1"},
			{"--driver", "remote", "--buildkitd-flags", "--debug", "tcp://127.0.0.1:1"},
		} {
			name := t.Env.Name("refused")
			refused := config.Try(t, append([]string{"buildx", "create", "--name", name}, args...)...)
			require.NotZero(t, refused.ExitCode, "`create %s` succeeded: the driver accepts another driver's option", strings.Join(args, " "))
			_, listed := builder.Find(builder.List(t, config), name)
			require.False(t, listed, "`create %s` was refused but left a builder behind", strings.Join(args, " "))
		}
		allowed := builder.New(t, builder.In(config), builder.Driver(subject.DriverContainer))
		require.True(t, allowed.Recorded(), "create without another driver's option fails, too, so this proves nothing")
	})
}

// requireReached fails unless a builder over the transport builds in the daemon
// that it points to, and in no other.
func requireReached(t *suite.T, over builder.Transport) {
	cache.CountsShared(t)
	bystander := builder.SharedOf(t, subject.DriverContainer)
	b := builder.New(t, builder.SharingDaemonOf(builder.SharedOver(t, over)), builder.WithTransport(over))

	reported := b.Inspect(t)[0]
	require.Equal(t, "running", reported.Status, "buildx does not reach the BuildKit over %s", over)
	require.Equal(t, b.DaemonVersion(t), reported.Version, "over %s buildx does not report the BuildKit's own version", over)

	context, mark := fixture.Marked(t)
	build.Run(t, b, context)
	require.Contains(t, b.Records(t), mark, "over %s the build left nothing in the cache of the BuildKit that the builder points to", over)
	require.NotContains(t, bystander.Records(t), mark, "over %s the wrong BuildKit executed the build", over)
}

// requireStranger fails if a BuildKit that requires client certificates does anything
// for a builder that it does not know. buildx tries for 20 s before it gives up on a
// build.
func requireStranger(t *suite.T, shown builder.Certificate) {
	known := builder.SharedOver(t, builder.MutualTLS)
	unknown := builder.New(t, builder.SharingDaemonOf(known), builder.WithClientCert(shown))
	context, mark := fixture.Marked(t)

	t.Wait(func() { // buildx asks for twenty seconds
		require.Equal(t, "inactive", unknown.Inspect(t)[0].Status, "the BuildKit answers a builder %s", shown)
	})
	refused := build.Try(t, unknown, context)
	refused.MustFail(t, "a builder %s may build", shown)
	require.NotContains(t, known.Records(t), mark, "the build on a builder %s failed, but its step was executed", shown)

	require.NoError(t, knownBuilds(t), "the known builder does not build, so this proves nothing")
}

// knownBuilds is the control: on the builder that the BuildKit knows, a build leaves its
// mark. Claims share it.
func knownBuilds(t *suite.T) error {
	_, err := suite.Shared(t, t.SharedKey("build of the known builder"), func() (string, error) {
		known := builder.SharedOver(t, builder.MutualTLS)
		context, mark := fixture.Marked(t)
		build.Run(t, known, context)
		require.Contains(t, known.Records(t), mark, "the known builder's build leaves no mark, so this proves nothing")
		return mark, nil
	})
	return err
}

// reproducible builds a stage of the fixture without the cache. Its result does not
// depend on the clock.
func reproducible(t *suite.T, driver, stage string) image.Content {
	ref, b := image.New(t, stage), builder.SharedOf(t, driver)
	build.Run(t, b, "fixtures/drivers", build.Target(stage), build.Load(ref), build.NoCache(), build.Arg("SOURCE_DATE_EPOCH", "1700000000"))
	return image.ContentOf(t, ref, t.Native())
}
