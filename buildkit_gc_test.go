//go:build integration

package builders

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"builders.test/helpers/builder"
	"builders.test/helpers/cache"
	"builders.test/helpers/claim"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

const (
	docsGC   = "https://docs.docker.com/build/cache/garbage-collection/"
	docsToml = "https://docs.docker.com/build/buildkit/toml-configuration/"
)

// Reason 7 of the chapter buildkit: the cache is pruned by itself, the least
// valuable first. See [builder.Builder.Recreate] for why the specs start BuildKit again.

// gcPatience is how long BuildKit may take to prune after its start.
const gcPatience = 30 * time.Second

// nextToNothing is a limit in bytes that no cache which holds anything keeps
// within.
const nextToNothing = 1000

func buildkitGc(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:      "buildkit/gc-by-itself",
		Text:    "A cache that is larger than its policy allows is pruned without being asked; one that BuildKit's own policy is for stays while it is small",
		Source:  docsGC,
		Needs:   []claim.Need{claim.ContainerDriver},
		History: "The limit is called maxUsedSpace since v0.17; before that, keepBytes, which since then means the space reserved for the cache and still works as a limit if no other is given",
	}, func(t *suite.T) {
		pruning, keeping := builder.New(t, builder.NoGC()), builder.New(t, builder.NoGC())
		gone, _ := stock.Read(t, pruning, "first")
		kept, _ := stock.Read(t, keeping, "first")

		// The one that keeps starts first: its time to prune has come when the
		// other's has.
		keeping = keeping.Recreate(t)
		pruning = pruning.Recreate(t, builder.GC(builder.Rule{Limit: nextToNothing}))

		cache.AwaitGone(t, pruning, gcPatience, "the cache is larger than its policy allows, and BuildKit does not prune it", "thing-first")
		stock.MustMiss(t, pruning, "first", gone, "the layer left the disk, but a build still finds it")
		stock.MustHit(t, keeping, "first", kept, "BuildKit pruned a small cache that no policy of ours is for")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/gc-mounts-first",
		Text:   "A rule for cache mounts and local sources takes them before any layer; without it a layer that was used longest ago goes first",
		Source: docsGC,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		everything := func(limit int64) builder.Rule { return builder.Rule{Limit: limit} }
		reproducible := func(limit int64) builder.Rule {
			return builder.Rule{Limit: limit, Filters: []string{"type==exec.cachemount", "type==source.local"}}
		}

		sparing := exceedingBy(t, 3*cache.Thing/2)
		b := sparing.Builder.Recreate(t, builder.GC(reproducible(sparing.limit), everything(sparing.limit)))
		cache.AwaitGone(t, b, gcPatience, "the policy's first rule is for cache mounts and local sources, and BuildKit does not prune them", "thing-mount", "thing-source")
		stock.MustHit(t, b, "first", sparing.layer, "the layer went, though pruning the cache mount and the local source was enough")
		found, again := stock.ReadFrom(t, b, "mount", sparing.source)
		require.NotEqual(t, sparing.mount, found, "the cache mount left the disk, but a build still finds it")
		require.GreaterOrEqual(t, again.Sent(t), int64(cache.Thing), "the local source left the disk, but a build does not send it again")

		// Without that rule what was used longest ago goes first: the layer.
		levelling := exceedingBy(t, cache.Thing/2)
		b = levelling.Builder.Recreate(t, builder.GC(everything(levelling.limit)))
		cache.AwaitGone(t, b, gcPatience, "the cache is larger than its policy allows, and BuildKit does not prune its oldest layer", "thing-first")
		stock.MustHit(t, b, "mount", levelling.mount, "the cache mount went too, though it was used later than the layer and pruning that was enough")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/gc-least-used",
		Text:   "Where there is room for one of two layers, the one that was used more often and later stays and the other goes",
		Source: docsGC,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		b, value, limit := stock.Unequal(t)
		b = b.Recreate(t, builder.GC(builder.Rule{Limit: limit}))
		requireOnlyFirst(t, b, value)
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/gc-recent",
		Text:   "A rule with `keepDuration` spares what was used within it, and takes what was used before",
		Source: docsToml,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		// That the last rule was applied means that the first one had been.
		last := builder.Rule{Limit: nextToNothing, Filters: []string{"type==source.local"}}
		for _, recent := range []time.Duration{time.Hour, time.Second} {
			b := builder.New(t, builder.NoGC())
			value, _ := stock.Read(t, b, "first")
			// It is noted when the build lets go of the layer, which a stop right
			// behind the build may come before.
			cache.Await(t, b, time.Minute, "BuildKit does not note when the layer was used",
				func(held cache.Records) bool { return len(stock.Layer(held, "first").Used()) > 0 })
			b = b.Recreate(t, builder.GC(builder.Rule{Limit: nextToNothing, Recent: recent}, last))
			cache.AwaitGone(t, b, gcPatience, "BuildKit does not prune local sources, though a rule says so", "Dockerfile")
			if recent == time.Hour {
				stock.MustHit(t, b, "first", value, "a rule with keepDuration took a layer that was used within it")
			} else {
				stock.MustMiss(t, b, "first", value, "a rule with keepDuration spared a layer that was used before")
			}
		}
	})

	suite.Prove(t, claim.Claim{
		ID:      "buildkit/gc-reserved-space",
		Text:    "To get `minFreeSpace` BuildKit prunes as far as `reservedSpace` and no further; with nothing reserved it prunes all",
		Source:  "https://github.com/moby/buildkit/pull/5359",
		Needs:   []claim.Need{claim.ContainerDriver, claim.BuildKit(">=0.17")},
		History: "minFreeSpace, maxUsedSpace and reservedSpace came with v0.17",
	}, func(t *suite.T) {
		// More than any disk has: the rule would never stop by itself.
		const unreachable = "1PB"

		b, value, limit := stock.Unequal(t)
		b = b.Recreate(t, builder.GC(builder.Rule{MinFree: unreachable, Reserved: fmt.Sprint(limit)}))
		requireOnlyFirst(t, b, value)

		b = b.Recreate(t, builder.GC(builder.Rule{MinFree: unreachable}))
		cache.AwaitGone(t, b, gcPatience, "the disk is never as free as the policy wants, nothing is reserved, and BuildKit does not prune all", "thing-first")
	})

	suite.Prove(t, claim.Claim{
		ID:      "buildkit/gc-own-policy",
		Text:    "The first rule of BuildKit's own policy is for cache mounts and local sources and for no layers",
		Source:  "https://github.com/moby/buildkit/pull/6856",
		Needs:   []claim.Need{claim.ContainerDriver, claim.BuildKit(">=0.31")},
		History: "Before v0.31 the rule joined its three types with commas, which means all of them at once, and was for nothing",
	}, func(t *suite.T) {
		b := builder.New(t)
		stock.ReadFrom(t, b, "mount", stock.Source(t))
		require.NotEmpty(t, cache.Usage(t, b).Of("regular"), "the cache holds no layers, so this proves nothing")

		words := []string{"exec", b.Container(), "buildctl", "du", "--verbose"}
		for _, filter := range firstRule(t, b) {
			words = append(words, "--filter", filter)
		}
		chosen, err := cache.Parse(b.Config.Docker(t, words...).Stdout())
		if err != nil {
			t.EnvironmentFailed("what buildctl du printed cannot be read: %v", err)
		}

		require.NotEmpty(t, stock.Mounts(chosen), "the first rule of BuildKit's own policy chooses no cache mounts")
		require.NotEmpty(t, stock.Sources(chosen), "the first rule of BuildKit's own policy chooses no local sources")
		require.Empty(t, chosen.Of("regular"), "the first rule of BuildKit's own policy chooses layers")
	})

	suite.Prove(t, claim.Claim{
		// BuildKit prunes a second after its start, and then once a minute at
		// most, so this claim takes a minute, in which nearly nothing runs.
		ID:       "buildkit/gc-after-build",
		Text:     "BuildKit prunes within a minute after a build, takes what no build uses any longer, and spares what a running build uses",
		Source:   docsGC,
		Needs:    []claim.Need{claim.ContainerDriver},
		Deadline: 4 * time.Minute,
	}, func(t *suite.T) {
		b := builder.New(t, builder.NoGC())
		stock.Read(t, b, "first")
		b = b.Recreate(t, builder.GC(builder.Rule{Limit: nextToNothing}))
		cache.AwaitGone(t, b, gcPatience, "BuildKit does not prune at its start, so that what it prunes later cannot be told from that", "thing-first")

		// What is pruned from here on is so because of a build.
		gone, _ := stock.Read(t, b, "first")
		wake := stock.Rest(t, b)
		cache.AwaitGone(t, b, 2*time.Minute, "a build ended more than a minute ago, and BuildKit does not prune what it left", "thing-first")

		value := wake()
		stock.MustHit(t, b, "second", value, "the layer that a build was using is gone")
		stock.MustMiss(t, b, "first", gone, "the layer left the disk, but a build still finds it")
	})
}

// exceeding is a builder whose cache holds a layer, and a cache mount and a local
// source that were used later and more often; and a limit in bytes that it
// exceeds.
type exceeding struct {
	*builder.Builder
	layer, mount, source string
	limit                int64
}

// exceedingBy makes a builder that exceeds the limit by so many bytes.
func exceedingBy(t *suite.T, excess int64) exceeding {
	t.Helper()
	s := exceeding{Builder: builder.New(t, builder.NoGC()), source: stock.Source(t)}
	s.layer, _ = stock.Read(t, s.Builder, "first")
	stock.ReadFrom(t, s.Builder, "mount", s.source)
	// To BuildKit this is a use of each record, so the order is made after it.
	s.limit = cache.Usage(t, s.Builder).Bytes() - excess
	s.mount, _ = stock.ReadFrom(t, s.Builder, "mount", s.source)
	return s
}

// requireOnlyFirst waits until BuildKit pruned the second layer, and fails
// unless the first one is still there.
func requireOnlyFirst(t *suite.T, b *builder.Builder, value string) {
	t.Helper()
	cache.AwaitGone(t, b, gcPatience, "there is room for one of two layers, and BuildKit does not prune the one that was used less and longer ago", "thing-second")
	stock.MustHit(t, b, "first", value, "the layer that was used more often and later went too, though there was room for it")
}

// firstRule are the filters of the first rule that a BuildKit prunes by.
func firstRule(t *suite.T, b *builder.Builder) []string {
	t.Helper()
	var workers []struct {
		Policy []struct{ Filter []string } `json:"gcPolicy"`
	}
	told := b.Exec(t, "buildctl", "debug", "workers", "--format", "{{json .}}")
	require.NoError(t, json.Unmarshal([]byte(told), &workers))
	require.NotEmpty(t, workers, "BuildKit has no workers")
	require.NotEmpty(t, workers[0].Policy, "BuildKit has no policy of its own")
	filters := workers[0].Policy[0].Filter
	require.NotEmpty(t, strings.Join(filters, ""), "the first rule of BuildKit's own policy is for everything")
	return filters
}
