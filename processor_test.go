//go:build integration

package builders

import (
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"builders.test/helpers/image"
	"builders.test/helpers/registry"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// Chapter: a container that prints its processor, one builder per architecture.
func TestProcessor(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:     "processor/config",
		Text:   "Built on the amd64 and on the arm64 builder with `--load`, each image carries its architecture in its config",
		Source: docsPlatforms,
		Needs:  bothArchitectures,
	}, func(t *suite.T) {
		for _, arch := range architectures {
			platform := "linux/" + arch
			ref := image.New(t, "processor")
			build.Run(t, builder.SharedFor(t, platform), "fixtures/processor", build.Platform(platform), build.Load(ref))
			inspected := image.Inspect(t, ref, platform)
			require.Equal(t, platform, inspected.Os+"/"+inspected.Architecture, "the image's config names another platform than it was built for")
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "processor/while-building",
		Text:   "RUN executes as the target platform: `uname -m` prints x86_64 on the one builder and aarch64 on the other",
		Source: docsPlatforms,
		Needs:  bothArchitectures,
	}, func(t *suite.T) {
		for _, arch := range architectures {
			platform := "linux/" + arch
			b := builder.SharedFor(t, platform)
			told, _ := build.Export(t, b, "fixtures/processor", "built-on", build.Platform(platform), build.NoCache(), build.Target("told"))
			require.Equal(t, env.Machine(arch), told, "RUN for %s executed on another processor", platform)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "processor/when-run",
		Text:   "`docker run` of each image prints the architecture that it was built for and built on",
		Source: docsPlatforms,
		Needs:  bothArchitectures,
	}, func(t *suite.T) {
		for _, arch := range architectures {
			platform, machine := "linux/"+arch, env.Machine(arch)
			ref := image.New(t, "processor")
			build.Run(t, builder.SharedFor(t, platform), "fixtures/processor", build.Platform(platform), build.Load(ref))
			require.Equal(t, machine, image.Run(t, ref, platform), "the image for %s runs on another processor", platform)
			require.Equal(t, machine, image.Run(t, ref, platform, "cat", "/built-on"), "the image for %s was built on another processor", platform)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "processor/one-index",
		Text:   "One command for both platforms pushes one index, whose two images each run as themselves",
		Source: docsPlatforms,
		Needs:  append(bothArchitectures, claim.OwnBuildKit),
	}, func(t *suite.T) {
		shelf := registry.Start(t, registry.Strict)
		ref := shelf.Ref("processor:both")
		b := builder.Shared(t)

		build.Run(t, b, "fixtures/processor", build.Platform(bothPlatforms...), build.Push(ref))

		require.ElementsMatch(t, bothPlatforms, registry.Platforms(t, ref), "the pushed index holds other platforms than were built")
		for _, arch := range architectures {
			image.Pull(t, ref, "linux/"+arch)
			require.Equal(t, env.Machine(arch), image.Run(t, ref, "linux/"+arch), "the index's image for %s runs as something else", arch)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "processor/two-nodes",
		Text:   "A builder with two nodes sends each platform to the node that claims it",
		Source: docsPlatforms,
		Needs:  append(bothArchitectures, claim.ContainerDriver),
	}, func(t *suite.T) {
		b := builder.NewWithNodes(t, bothPlatforms...)
		b.Bootstrap(t)
		nodes := map[string]string{"amd64": b.Name + "0", "arm64": b.Name + "1"}

		build.Run(t, b, "fixtures/nodes", build.Platform(bothPlatforms...), build.Salt(t))

		for arch, node := range nodes {
			records := b.RecordsOf(t, node)
			for _, built := range architectures {
				step := "step-of-" + built
				if built == arch {
					require.Contains(t, records, step, "node %s claims %s and did not build it", node, arch)
					continue
				}
				require.NotContains(t, records, step, "node %s claims %s and built %s", node, arch, built)
			}
		}
	})
}
