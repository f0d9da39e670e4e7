//go:build integration

package builders

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/registry"
	"builders.test/helpers/spec"
	"github.com/stretchr/testify/require"
)

// Chapter: the shape of what comes out. Besides proving its claim, each spec
// notes facts that are neither right nor wrong, but that somebody may rely on:
// `builders compare` tells which of them changed.
func TestShape(t *testing.T) {
	prove(t, "shape/pushed", aPushedImageIsOneImagePerPlatform)
	prove(t, "shape/reproducible", theSameCopyGivesTheSameImage)
	prove(t, "shape/rewrite-timestamp", theSameRunGivesTheSameImage)
	prove(t, "shape/daemon", theDaemonDescribesItself)
	prove(t, "shape/warnings", aWarningFailsNothing)
}

func note(t *spec.T, facts [][2]string) {
	for _, fact := range facts {
		t.Fact(fact[0], fact[1])
	}
}

func aPushedImageIsOneImagePerPlatform(t *spec.T) {
	ref := registry.Start(t, registry.Strict).Ref("shape:pushed")
	platform := "linux/" + t.Env.Engine.Arch
	build.Run(t, builder.Warm(t, platform), "fixtures/shape", build.Push(ref))

	pushed := registry.Describe(t, ref)
	var images []string
	for _, m := range pushed.Manifests {
		if !m.Attestation() {
			images = append(images, m.Digest)
			require.NotEmpty(t, m.Layers, "the pushed image has no layers")
		}
	}
	require.Len(t, images, 1, "a build for one platform pushed another number of images")
	note(t, pushed.Facts())
}

// The time is any that is long past.
const sourceDate = "1700000000"

func theSameCopyGivesTheSameImage(t *spec.T) { buildTwice(t, "copy", "") }

func theSameRunGivesTheSameImage(t *spec.T) { buildTwice(t, "run", ",rewrite-timestamp=true") }

// buildTwice builds a stage of the fixture twice without any cache.
func buildTwice(t *spec.T, stage, attributes string) {
	t.Helper()
	at := registry.Start(t, registry.Strict)
	b := builder.Warm(t, "linux/"+t.Env.Engine.Arch)
	push := func(tag string) registry.Description {
		ref := at.Ref("shape:" + tag)
		build.Run(t, b, "fixtures/shape", build.Plain(), build.NoCache(), build.Target(stage),
			build.Arg("SOURCE_DATE_EPOCH", sourceDate),
			build.Output("type=image,push=true,name="+ref+attributes))
		return registry.Describe(t, ref)
	}
	first, second := push("first"), push("second")
	require.Equal(t, first.Digest, second.Digest, "the same build with the same SOURCE_DATE_EPOCH gave another image the second time")

	image := first.Manifests[0]
	t.Fact("manifest digest", image.Digest)
	t.Fact("config digest", image.ConfigDigest)
	for i, layer := range image.Layers {
		t.Fact(fmt.Sprintf("layer %d digest", i), layer.Digest.String())
	}
}

func theDaemonDescribesItself(t *spec.T) {
	b := builder.Warm(t, "linux/"+t.Env.Engine.Arch)
	var workers []struct {
		Platforms []struct{ OS, Architecture, Variant string }
		GCPolicy  []json.RawMessage `json:"gcPolicy"`
	}
	said := b.Exec(t, "buildctl", "debug", "workers", "--format", "{{json .}}")
	require.NoError(t, json.Unmarshal([]byte(said), &workers), "the daemon's description of its workers is no JSON")
	require.NotEmpty(t, workers, "the daemon has no worker")
	worker := workers[0]

	var platforms []string
	for _, p := range worker.Platforms {
		platforms = append(platforms, strings.TrimSuffix(p.OS+"/"+p.Architecture+"/"+p.Variant, "/"))
	}
	require.Contains(t, platforms, "linux/"+t.Env.Engine.Arch, "the daemon does not serve the platform that it runs on")
	require.ElementsMatch(t, platforms, b.Inspect(t)[0].Platforms, "buildx inspect shows other platforms than the daemon serves")
	require.NotEmpty(t, worker.GCPolicy, "the daemon has no policy by which it takes out what is not used")

	slices.Sort(platforms)
	t.Fact("platforms", strings.Join(platforms, " "))
	for i, rule := range worker.GCPolicy {
		t.Fact(fmt.Sprintf("default GC rule %d", i), string(rule))
	}
	t.Fact("bundled runc", t.Env.BuildKit.Runc)
}

func aWarningFailsNothing(t *spec.T) {
	b := builder.Warm(t, "linux/"+t.Env.Engine.Arch)
	value, r := build.Export(t, b, "fixtures/shape", "said", build.File("fixtures/shape/warned.Dockerfile"))
	require.Equal(t, "built all the same", value, "a Dockerfile that BuildKit may warn about gave another result")
	slices.Sort(r.Warnings)
	for i, warning := range r.Warnings {
		t.Fact(fmt.Sprintf("warning %d", i), warning)
	}
	t.Fact("warnings", fmt.Sprint(len(r.Warnings)))
}
