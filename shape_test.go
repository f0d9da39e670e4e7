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
	"builders.test/helpers/claim"
	"builders.test/helpers/registry"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

const docsReproducible = "https://github.com/moby/buildkit/blob/master/docs/build-repro.md"

// Chapter: the shape of a build's result. Besides proving its claim, each spec
// records facts that are neither right nor wrong but that users may rely on:
// `builders compare` shows which of them changed.
func TestShape(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:     "shape/pushed",
		Text:   "A build for one platform pushes one image, apart from any attestations",
		Source: "https://docs.docker.com/build/metadata/attestations/attestation-storage/",
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		ref := registry.Start(t, registry.Strict).Ref("shape:pushed")
		build.Run(t, builder.Shared(t), "fixtures/shape", build.Push(ref))

		pushed := registry.Describe(t, ref)
		var images []string
		for _, m := range pushed.Manifests {
			if !m.Attestation() {
				images = append(images, m.Digest)
				require.NotEmpty(t, m.Layers, "the pushed image has no layers")
			}
		}
		require.Len(t, images, 1, "a build for one platform did not push exactly one image")
		for _, fact := range pushed.Facts() {
			t.Fact(fact[0], fact[1])
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "shape/reproducible",
		Text:   "With SOURCE_DATE_EPOCH a build that only copies is reproducible without any cache, down to every digest",
		Source: docsReproducible,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) { buildTwice(t, "copy", "") })

	suite.Prove(t, claim.Claim{
		ID:      "shape/rewrite-timestamp",
		Text:    "With SOURCE_DATE_EPOCH and `rewrite-timestamp=true` a build that runs commands is reproducible without any cache, down to every digest",
		Source:  docsReproducible,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.13")},
		History: "Releases before v0.13 do not support rewrite-timestamp and leave the build time in the layers",
	}, func(t *suite.T) { buildTwice(t, "run", ",rewrite-timestamp=true") })

	suite.Prove(t, claim.Claim{
		ID:     "shape/daemon",
		Text:   "A builder's BuildKit reports its platforms and its garbage collection policy, and buildx shows the same",
		Source: "https://docs.docker.com/build/cache/garbage-collection/",
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.SharedWithDefaultGC(t)
		var workers []struct {
			Platforms []struct{ OS, Architecture, Variant string }
			GCPolicy  []json.RawMessage `json:"gcPolicy"`
		}
		said := b.Exec(t, "buildctl", "debug", "workers", "--format", "{{json .}}")
		require.NoError(t, json.Unmarshal([]byte(said), &workers), "the daemon's description of its workers is not JSON")
		require.NotEmpty(t, workers, "the daemon has no worker")
		worker := workers[0]

		var platforms []string
		for _, p := range worker.Platforms {
			platforms = append(platforms, strings.TrimSuffix(p.OS+"/"+p.Architecture+"/"+p.Variant, "/"))
		}
		require.Contains(t, platforms, t.Native(), "the daemon does not support the platform that it runs on")
		require.ElementsMatch(t, platforms, b.Inspect(t)[0].Platforms, "buildx inspect does not show the platforms that the daemon supports")
		require.NotEmpty(t, worker.GCPolicy, "the daemon has no garbage collection policy")

		slices.Sort(platforms)
		t.Fact("platforms", strings.Join(platforms, " "))
		for i, rule := range worker.GCPolicy {
			t.Fact(fmt.Sprintf("default GC rule %d", i), string(rule))
		}
		t.Fact("bundled runc", t.Env.BuildKit.Runc)
	})

	suite.Prove(t, claim.Claim{
		ID:     "shape/warnings",
		Text:   "BuildKit builds a Dockerfile even if it warns about it",
		Source: "https://docs.docker.com/build/checks/",
	}, func(t *suite.T) {
		b := builder.Shared(t)
		value, r := build.Export(t, b, "fixtures/shape", "said", build.File("fixtures/shape/warned.Dockerfile"))
		require.Equal(t, "built anyway", value, "a Dockerfile that BuildKit may warn about gave a wrong result")
		slices.Sort(r.Warnings)
		for i, warning := range r.Warnings {
			t.Fact(fmt.Sprintf("warning %d", i), warning)
		}
		t.Fact("warnings", fmt.Sprint(len(r.Warnings)))
	})
}

// Any time long past will do.
const sourceDate = "1700000000"

// buildTwice builds a stage of the fixture twice, without any cache.
func buildTwice(t *suite.T, stage, attributes string) {
	at := registry.Start(t, registry.Strict)
	b := builder.Shared(t)
	push := func(tag string) registry.Description {
		ref := at.Ref("shape:" + tag)
		build.Run(t, b, "fixtures/shape", build.NoProvenance(), build.NoCache(), build.Target(stage),
			build.Arg("SOURCE_DATE_EPOCH", sourceDate),
			build.Output("type=image,push=true,name="+ref+attributes))
		return registry.Describe(t, ref)
	}
	first, second := push("first"), push("second")
	require.Equal(t, first.Digest, second.Digest, "the same build with the same SOURCE_DATE_EPOCH gave a different image the second time")

	image := first.Manifests[0]
	t.Fact("manifest digest", image.Digest)
	t.Fact("config digest", image.ConfigDigest)
	for i, layer := range image.Layers {
		t.Fact(fmt.Sprintf("layer %d digest", i), layer.Digest.String())
	}
}
