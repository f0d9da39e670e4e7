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

// Chapter: the shape of what comes out. Besides proving its claim, each spec
// notes facts that are neither right nor wrong, but that users may rely on:
// `builders compare` tells which of them changed.
func TestShape(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:     "shape/pushed",
		Text:   "A build for one platform pushes one image, whatever is kept beside it",
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
		require.Len(t, images, 1, "a build for one platform pushed another number of images")
		note(t, pushed.Facts())
	})

	suite.Prove(t, claim.Claim{
		ID:     "shape/reproducible",
		Text:   "With SOURCE_DATE_EPOCH a build that only copies gives the same image without any cache, digest by digest",
		Source: docsReproducible,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) { buildTwice(t, "copy", "") })

	suite.Prove(t, claim.Claim{
		ID:      "shape/rewrite-timestamp",
		Text:    "With SOURCE_DATE_EPOCH and `rewrite-timestamp=true` a build that runs commands gives the same image without any cache, digest by digest",
		Source:  docsReproducible,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.13")},
		History: "Releases before v0.13 know no rewrite-timestamp and leave the time of the build in the layers",
	}, func(t *suite.T) { buildTwice(t, "run", ",rewrite-timestamp=true") })

	suite.Prove(t, claim.Claim{
		ID:     "shape/daemon",
		Text:   "A builder's BuildKit tells its platforms and the policy by which it cleans up, and buildx shows the same",
		Source: "https://docs.docker.com/build/cache/garbage-collection/",
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.Shared(t)
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
		require.Contains(t, platforms, t.Native(), "the daemon does not serve the platform that it runs on")
		require.ElementsMatch(t, platforms, b.Inspect(t)[0].Platforms, "buildx inspect shows other platforms than the daemon serves")
		require.NotEmpty(t, worker.GCPolicy, "the daemon has no policy by which it takes out what is not used")

		slices.Sort(platforms)
		t.Fact("platforms", strings.Join(platforms, " "))
		for i, rule := range worker.GCPolicy {
			t.Fact(fmt.Sprintf("default GC rule %d", i), string(rule))
		}
		t.Fact("bundled runc", t.Env.BuildKit.Runc)
	})

	suite.Prove(t, claim.Claim{
		ID:     "shape/warnings",
		Text:   "What BuildKit warns about is built all the same",
		Source: "https://docs.docker.com/build/checks/",
	}, func(t *suite.T) {
		b := builder.Shared(t)
		value, r := build.Export(t, b, "fixtures/shape", "said", build.File("fixtures/shape/warned.Dockerfile"))
		require.Equal(t, "built all the same", value, "a Dockerfile that BuildKit may warn about gave another result")
		slices.Sort(r.Warnings)
		for i, warning := range r.Warnings {
			t.Fact(fmt.Sprintf("warning %d", i), warning)
		}
		t.Fact("warnings", fmt.Sprint(len(r.Warnings)))
	})
}

func note(t *suite.T, facts [][2]string) {
	for _, fact := range facts {
		t.Fact(fact[0], fact[1])
	}
}

// The time is any that is long past.
const sourceDate = "1700000000"

// buildTwice builds a stage of the fixture twice without any cache.
func buildTwice(t *suite.T, stage, attributes string) {
	t.Helper()
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
	require.Equal(t, first.Digest, second.Digest, "the same build with the same SOURCE_DATE_EPOCH gave another image the second time")

	image := first.Manifests[0]
	t.Fact("manifest digest", image.Digest)
	t.Fact("config digest", image.ConfigDigest)
	for i, layer := range image.Layers {
		t.Fact(fmt.Sprintf("layer %d digest", i), layer.Digest.String())
	}
}
