//go:build integration

package builders

import (
	"testing"
	"time"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/cache"
	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

const (
	docsDu    = "https://docs.docker.com/reference/cli/docker/buildx/du/"
	docsPrune = "https://docs.docker.com/reference/cli/docker/buildx/prune/"
)

// The chapter images asks: is disk easier to control?

func imagesDisk(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:     "images/du",
		Text:   "`du` counts what its builder built, and nothing that only another builder built",
		Source: docsDu,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		one, other := builder.New(t), builder.New(t)
		stock.Read(t, one, "first")
		stock.Read(t, other, "second")

		for _, side := range []struct {
			b                *builder.Builder
			built, elsewhere string
		}{{one, "first", "second"}, {other, "second", "first"}} {
			held := cache.Usage(t, side.b)
			require.NotEmpty(t, stock.Layer(held, side.built).AtLeast(cache.Thing), "du does not count the layer that the builder built")
			require.Empty(t, stock.Layer(held, side.elsewhere), "du counts a layer that only another builder built")
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune",
		Text:   "`prune --all` empties the cache of its builder and leaves another builder's, which still hits",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		pruned, bystander := builder.New(t), builder.New(t)
		gone, _ := stock.Read(t, pruned, "first")
		kept, _ := stock.Read(t, bystander, "first")

		prune(t, pruned, "--all")

		require.Empty(t, cache.Usage(t, pruned), "prune --all left something in the cache of a builder that is doing nothing")
		stock.MustMiss(t, pruned, "first", gone, "prune --all left the layer")
		stock.MustHit(t, bystander, "first", kept, "prune of one builder took another's cache")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-engine",
		Text:   "The engine's own build cache is another than a builder's: what is pruned from the one stays in the other",
		Source: docsBuilders,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		engines, own := builder.New(t, builder.Driver(subject.DriverDocker)), builder.New(t)
		inEngine, _ := stock.Read(t, engines, "mount")
		inOwn, _ := stock.Read(t, own, "mount")
		t.Cleanup(func() { pruneSalted(t, engines) })

		prune(t, own, "--all")
		stock.MustHit(t, engines, "mount", inEngine, "prune of a builder took from the engine's own cache")
		inOwnAgain, _ := stock.Read(t, own, "mount")
		require.NotEqual(t, inOwn, inOwnAgain, "prune --all left a cache mount, so this proves nothing")

		pruneSalted(t, engines)
		stock.MustHit(t, own, "mount", inOwnAgain, "prune of the engine's own cache took from a builder's")
		stock.MustMiss(t, engines, "mount", inEngine, "prune left a cache mount in the engine's own cache, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-type",
		Text:   "`prune --filter type=` takes cache mounts, local sources or layers, and leaves the other two",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.New(t)
		source := stock.Source(t)
		layerValue, _ := stock.Read(t, b, "first")
		mountValue, _ := stock.ReadFrom(t, b, "mount", source)

		prune(t, b, "--filter", "type=exec.cachemount")
		stock.MustHit(t, b, "first", layerValue, "a prune of cache mounts took a layer")
		again, sent := stock.ReadFrom(t, b, "mount", source)
		require.NotEqual(t, mountValue, again, "a prune of cache mounts left one")
		require.Less(t, sent.Sent(t), int64(cache.Thing), "a prune of cache mounts took a local source")

		prune(t, b, "--filter", "type=source.local")
		same, sent := stock.ReadFrom(t, b, "mount", source)
		require.GreaterOrEqual(t, sent.Sent(t), int64(cache.Thing), "a prune of local sources left one")
		require.Equal(t, again, same, "a prune of local sources took a cache mount")

		prune(t, b, "--filter", "type=regular")
		stock.MustMiss(t, b, "first", layerValue, "a prune of layers left one")
		stock.MustHit(t, b, "mount", again, "a prune of layers took a cache mount")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-id",
		Text:   "`prune --filter id=` takes the record that `du` lists under this id, and no other layer",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.New(t)
		gone, _ := stock.Read(t, b, "first")
		kept, _ := stock.Read(t, b, "second")
		for _, id := range stock.Layer(cache.Usage(t, b), "first").IDs() {
			prune(t, b, "--filter", "id="+id)
		}
		stock.MustMiss(t, b, "first", gone, "a prune by id left the layer with that id")
		stock.MustHit(t, b, "second", kept, "a prune by id took a layer with another id")
	})

	suite.Prove(t, claim.Claim{
		ID:      "images/prune-description",
		Text:    "`prune --filter description~=` takes what `du` lists by the same filter, and nothing else",
		Source:  "https://github.com/moby/buildkit/pull/4877",
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.14"), claim.Buildx(">=0.15")},
		History: "Before BuildKit v0.14 prune knew no descriptions and took nothing, while du listed the records; buildx passes ~= on since v0.15",
	}, func(t *suite.T) {
		b := builder.New(t)
		gone, _ := stock.Read(t, b, "first")
		kept, _ := stock.Read(t, b, "second")
		chosen := cache.Usage(t, b, "--filter", "description~=thing-first")
		require.NotEmpty(t, stock.Layer(chosen, "first"), "du with a filter does not list the layer that it describes")
		require.Empty(t, stock.Layer(chosen, "second"), "du with a filter lists a layer of another description")

		prune(t, b, "--filter", "description~=thing-first")

		stock.MustMiss(t, b, "first", gone, "prune left the layer that du lists by the same filter")
		stock.MustHit(t, b, "second", kept, "prune took a layer that du does not list by the same filter")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-until",
		Text:   "`prune --filter until=` leaves what was used within that time, and takes the rest",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.New(t)
		value, _ := stock.Read(t, b, "first")
		prune(t, b, "--all", "--filter", "until=1h")
		stock.MustHit(t, b, "first", value, "a prune of what was not used for an hour took a layer that was just used")
		prune(t, b, "--all", "--filter", "until=1ms")
		stock.MustMiss(t, b, "first", value, "a prune of what was not used for a millisecond left a layer")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-all",
		Text:   "`prune` leaves the Dockerfile frontends, `prune --all` takes them too",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.New(t)
		stock.Read(t, b, "first", build.Syntax("docker/dockerfile:1"))
		require.NotEmpty(t, cache.Usage(t, b).Of("frontend"), "the cache holds no frontend, so this proves nothing")

		prune(t, b)
		held := cache.Usage(t, b)
		require.NotEmpty(t, held.Of("frontend"), "prune took the frontend without being told --all")
		require.Empty(t, stock.Layer(held, "first"), "prune left the layer")

		prune(t, b, "--all")
		require.Empty(t, cache.Usage(t, b).Of("frontend"), "prune --all left the frontend")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-running",
		Text:   "`prune --all` spares what a running build uses and takes the rest; the build ends well",
		Source: docsDu,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.New(t)
		gone, _ := stock.Read(t, b, "first")
		cache.AwaitIdle(t, b)
		wake := stock.Rest(t, b)
		require.NotEmpty(t, stock.Layer(cache.Usage(t, b), "second").InUse(), "du calls the layer reclaimable that a running build uses")

		cache.Prune(t, b, "--all")

		held := cache.Usage(t, b)
		require.Empty(t, stock.Layer(held, "first"), "prune --all left a layer that no build uses")
		require.NotEmpty(t, stock.Layer(held, "second"), "prune --all took the layer that a running build uses")
		value := wake()
		stock.MustHit(t, b, "second", value, "the layer that a build was using is gone")
		stock.MustMiss(t, b, "first", gone, "du no longer lists the layer, but a build still finds it")
	})

	imagesSpace(t)
}

// prune prunes a builder of whose cache nothing is in use.
func prune(t *suite.T, b *builder.Builder, words ...string) {
	t.Helper()
	cache.AwaitIdle(t, b)
	cache.Prune(t, b, words...)
}

// prunePatience is how long others may look at what is to be pruned.
const prunePatience = 30 * time.Second

// pruneSalted takes this claim's cache mount from a cache that others share. A
// record that another claim looks at is in use, and stays: then it goes the
// next time.
func pruneSalted(t *suite.T, b *builder.Builder) {
	t.Helper()
	cache.Until(t, prunePatience, func() (string, error) {
		held, err := cache.TryUsage(t, b)
		salted := held.About(t.Salt())
		if err != nil || len(salted) == 0 {
			return "", err
		}
		for _, id := range salted.Of("exec.cachemount").IDs() {
			cache.Prune(t, b, "--filter", "id="+id)
		}
		return "prune leaves this run's cache mount in the engine's own cache", nil
	})
}
