//go:build integration

package builders

import (
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/env"
	"builders.test/helpers/image"
	"builders.test/helpers/registry"
	"builders.test/helpers/spec"
	"github.com/stretchr/testify/require"
)

// Chapter: a container that prints its processor, one builder per architecture.
func TestProcessor(t *testing.T) {
	prove(t, "processor/config", theImageCarriesItsArchitecture)
	prove(t, "processor/while-building", runExecutesAsTheTarget)
	prove(t, "processor/when-run", theImageRunsAsItsArchitecture)
	prove(t, "processor/one-index", oneCommandBuildsBoth)
	prove(t, "processor/two-nodes", eachPlatformGoesToItsNode)
}

var architectures = []string{"amd64", "arm64"}

func theImageCarriesItsArchitecture(t *spec.T) {
	for _, arch := range architectures {
		platform := "linux/" + arch
		ref := image.New(t, "processor")
		build.Run(t, builder.Warm(t, platform), "fixtures/processor", build.Platform(platform), build.Load(ref))
		inspected := image.Inspect(t, ref, platform)
		require.Equal(t, platform, inspected.Os+"/"+inspected.Architecture, "the image's config names another platform than it was built for")
	}
}

func runExecutesAsTheTarget(t *spec.T) {
	for _, arch := range architectures {
		platform := "linux/" + arch
		b := builder.Warm(t, platform)
		told, _ := build.Export(t, b, "fixtures/processor", "built-on", build.Platform(platform), build.NoCache(), build.Target("told"))
		require.Equal(t, env.Machine(arch), told, "RUN for %s executed on another processor", platform)
	}
}

func theImageRunsAsItsArchitecture(t *spec.T) {
	for _, arch := range architectures {
		platform, machine := "linux/"+arch, env.Machine(arch)
		ref := image.New(t, "processor")
		build.Run(t, builder.Warm(t, platform), "fixtures/processor", build.Platform(platform), build.Load(ref))
		require.Equal(t, machine, image.Run(t, ref, platform), "the image for %s runs on another processor", platform)
		require.Equal(t, machine, image.Run(t, ref, platform, "cat", "/built-on"), "the image for %s was built on another processor", platform)
	}
}

func oneCommandBuildsBoth(t *spec.T) {
	shelf := registry.Start(t, registry.Strict)
	ref := shelf.Ref("processor:both")
	b := builder.Warm(t, "linux/"+t.Env.Engine.Arch)

	build.Run(t, b, "fixtures/processor", build.Platform("linux/amd64,linux/arm64"), build.Push(ref))

	require.ElementsMatch(t, []string{"linux/amd64", "linux/arm64"}, registry.Platforms(t, ref), "the pushed index holds other platforms than were built")
	for _, arch := range architectures {
		image.Pull(t, ref, "linux/"+arch)
		require.Equal(t, env.Machine(arch), image.Run(t, ref, "linux/"+arch), "the index's image for %s runs as something else", arch)
	}
}

func eachPlatformGoesToItsNode(t *spec.T) {
	b := builder.New(t, builder.Platform("linux/amd64"))
	b.Append(t, cli.NewContext(t), builder.Platform("linux/arm64"))
	b.Bootstrap(t)
	nodes := map[string]string{"amd64": b.Name + "0", "arm64": b.Name + "1"}

	build.Run(t, b, "fixtures/nodes", build.Platform("linux/amd64,linux/arm64"), build.Arg("SALT", own(t)))

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
}
