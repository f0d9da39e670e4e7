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

// Chapter: a container that prints its architecture, one builder per architecture.
func TestProcessor(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:     "processor/config",
		Text:   "An image built with `--load` on the amd64 or the arm64 builder carries that architecture in its config",
		Source: docsPlatforms,
		Needs:  bothArchitectures,
	}, func(t *suite.T) {
		for _, arch := range architectures {
			platform := "linux/" + arch
			inspected := image.Inspect(t, processorImage(t, platform), platform)
			require.Equal(t, platform, inspected.Os+"/"+inspected.Architecture, "the image's config does not name the platform it was built for")
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "processor/while-building",
		Text:   "RUN executes as the target platform: `uname -m` prints x86_64 on the amd64 builder and aarch64 on the arm64 builder",
		Source: docsPlatforms,
		Needs:  bothArchitectures,
	}, func(t *suite.T) {
		for _, arch := range architectures {
			platform := "linux/" + arch
			b := builder.SharedFor(t, platform)
			told, _ := build.Export(t, b, "fixtures/processor", "built-on", build.Platform(platform), build.NoCache(), build.Target("told"))
			require.Equal(t, env.Machine(arch), told, "RUN for %s executed on another architecture", platform)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "processor/when-run",
		Text:   "`docker run` of each image prints its target architecture, both at run time and as recorded at build time",
		Source: docsPlatforms,
		Needs:  bothArchitectures,
	}, func(t *suite.T) {
		for _, arch := range architectures {
			platform, machine := "linux/"+arch, env.Machine(arch)
			ref := processorImage(t, platform)
			require.Equal(t, machine, image.Run(t, ref, platform), "the image for %s runs as another architecture", platform)
			require.Equal(t, machine, image.Run(t, ref, platform, "cat", "/built-on"), "the image for %s was built as another architecture", platform)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "processor/one-index",
		Text:   "One build for both platforms pushes one index, and each of its two images runs as its own platform",
		Source: docsPlatforms,
		Needs:  append(bothArchitectures, claim.OwnBuildKit),
	}, func(t *suite.T) {
		shelf := registry.Start(t, registry.Strict)
		ref := shelf.Ref("processor:both")
		b := builder.Shared(t)

		build.Run(t, b, "fixtures/processor", build.Platform(bothPlatforms...), build.Push(ref))

		require.ElementsMatch(t, bothPlatforms, registry.Platforms(t, ref), "the platforms in the pushed index are not the ones that were built")
		for _, arch := range architectures {
			image.Pull(t, ref, "linux/"+arch)
			require.Equal(t, env.Machine(arch), image.Run(t, ref, "linux/"+arch), "the index's image for %s runs as another architecture", arch)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "processor/two-nodes",
		Text:   "A builder with two nodes sends each platform to the node that claims it",
		Source: docsPlatforms,
		Needs:  append(bothArchitectures, claim.ContainerDriver),
	}, func(t *suite.T) {
		b := builder.SharedWithNodes(t, bothPlatforms...)
		nodes := map[string]string{"amd64": b.Name + "0", "arm64": b.Name + "1"}

		build.Run(t, b, "fixtures/nodes", build.Platform(bothPlatforms...), build.Salt(t))

		for arch, node := range nodes {
			records := b.RecordsOf(t, node)
			for _, built := range architectures {
				step := "step-of-" + built
				if built == arch {
					require.Contains(t, records, step, "node %s claims %s but did not build it", node, arch)
					continue
				}
				require.NotContains(t, records, step, "node %s claims %s but built %s", node, arch, built)
			}
		}
	})
}

// processorImage is the fixture's image for a platform, built on the builder for that
// platform and loaded into the engine. Claims share it.
func processorImage(t *suite.T, platform string) string {
	ref, err := suite.Shared(t, t.SharedKey("processor image of "+t.Driver+" for "+platform), func() (string, error) {
		ref := t.Env.SharedImage("processor")
		build.Run(t, builder.SharedFor(t, platform), "fixtures/processor", build.Platform(platform), build.Load(ref))
		return ref, nil
	})
	require.NoError(t, err, "the image for %s cannot be built and loaded", platform)
	return ref
}
