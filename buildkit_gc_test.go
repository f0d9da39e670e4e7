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

// Reason 7 of the chapter buildkit: the cache is pruned automatically, the least
// valuable records first. See [builder.Builder.Recreate] for why the specs restart
// BuildKit, which prunes only if they say so.

// gcPatience is how long BuildKit may take to prune after it starts.
const gcPatience = 30 * time.Second

// nextToNothing is a limit in bytes that any cache with content exceeds.
const nextToNothing = 1000

func buildkitGc(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:      "buildkit/gc-by-itself",
		Text:    "A cache that is larger than its policy allows is pruned automatically; a small cache under BuildKit's default policy stays",
		Source:  docsGC,
		Needs:   []claim.Need{claim.ContainerDriver},
		History: "Since v0.17 the limit is called maxUsedSpace; before, it was keepBytes, which now means the space reserved for the cache and still works as a limit if no other is set",
		Takes:   10 * time.Second,
	}, func(t *suite.T) {
		pruning, keeping := builder.New(t), builder.New(t)
		gone, _ := stock.Read(t, pruning, "first")
		kept, _ := stock.Read(t, keeping, "first")

		// keeping starts first: by the time pruning has pruned, keeping would have, too.
		keeping = keeping.Recreate(t, builder.DefaultGC())
		pruning = pruning.Recreate(t, builder.GC(builder.Rule{Limit: nextToNothing}))

		cache.AwaitGone(t, pruning, gcPatience, "the cache is larger than its policy allows, but BuildKit does not prune it", "thing-first")
		stock.MustMiss(t, pruning, "first", gone, "the layer left the disk, but a build still finds it")
		stock.MustHit(t, keeping, "first", kept, "BuildKit pruned a small cache under its default policy")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/gc-mounts-first",
		Text:   "A rule for cache mounts and local sources prunes them before any layer; without it the least recently used layer goes first",
		Source: docsGC,
		Needs:  []claim.Need{claim.ContainerDriver},
		Takes:  15 * time.Second,
	}, func(t *suite.T) {
		everything := func(limit int64) builder.Rule { return builder.Rule{Limit: limit} }
		reproducible := func(limit int64) builder.Rule {
			return builder.Rule{Limit: limit, Filters: []string{"type==exec.cachemount", "type==source.local"}}
		}

		b, source := builder.New(t), stock.Source(t)

		// Without a rule for them the least recently used record goes first: the layer.
		_, before, limit := exceed(t, b, source, cache.Thing/2)
		b = b.Recreate(t, builder.GC(everything(limit)))
		cache.AwaitGone(t, b, gcPatience, "the cache is larger than its policy allows, but BuildKit does not prune its oldest layer", "thing-first")

		layer, mount, limit := exceed(t, b, source, 3*cache.Thing/2)
		require.Equal(t, before, mount, "the cache mount was pruned, too, though it was used later than the layer and pruning the layer was enough")
		b = b.Recreate(t, builder.GC(reproducible(limit), everything(limit)))
		cache.AwaitGone(t, b, gcPatience, "the policy's first rule is for cache mounts and local sources, but BuildKit does not prune them", "thing-mount", "thing-source")
		kept, found, again := stock.ReadFirstAnd(t, b, "mount", source)
		require.Equal(t, layer, kept, "the layer was pruned, though pruning the cache mount and the local source was enough")
		require.NotEqual(t, mount, found, "the cache mount left the disk, but a build still finds it")
		require.GreaterOrEqual(t, again.Sent(t), int64(cache.Thing), "the local source left the disk, but a build does not send it again")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/gc-least-used",
		Text:   "If there is room for one of two layers, the one that was used more often and more recently stays and the other goes",
		Source: docsGC,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		b := builder.New(t)
		value, limit := stock.Unequal(t, b)
		b = b.Recreate(t, builder.GC(builder.Rule{Limit: limit}))
		requireOnlyFirst(t, b, value)
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/gc-recent",
		Text:   "A rule with `keepDuration` keeps what was used within that time and prunes what was used before",
		Source: docsToml,
		Needs:  []claim.Need{claim.ContainerDriver},
		Takes:  10 * time.Second,
	}, func(t *suite.T) {
		b := builder.New(t)
		recent, old := stock.ReadLayers(t, b)
		var held cache.Records
		// BuildKit records the use when the build releases the layer, which may be after
		// a stop right after the build.
		cache.Await(t, b, time.Minute, "BuildKit does not record when the layers were used", func(now cache.Records) bool {
			held = now
			return len(stock.Layer(held, "first").Used()) > 0 && len(stock.Layer(held, "second").Used()) > 0
		})

		b = b.Recreate(t, builder.GC(
			builder.Rule{Limit: nextToNothing, Recent: time.Hour, Filters: onlyFor(stock.Layer(held, "first"))},
			builder.Rule{Limit: nextToNothing, Recent: time.Second, Filters: onlyFor(stock.Layer(held, "second"))},
			// If the last rule was applied, so were the others.
			builder.Rule{Limit: nextToNothing, Filters: []string{"type==source.local"}},
		))

		cache.AwaitGone(t, b, gcPatience, "BuildKit does not prune local sources, though a rule requires it", "Dockerfile")
		first, second := stock.ReadLayers(t, b)
		require.Equal(t, recent, first, "a rule with keepDuration pruned a layer that was used within that time")
		require.NotEqual(t, old, second, "a rule with keepDuration kept a layer that was used before that time")
	})

	suite.Prove(t, claim.Claim{
		ID:      "buildkit/gc-reserved-space",
		Text:    "To reach `minFreeSpace` BuildKit prunes down to `reservedSpace` and no further; with nothing reserved it prunes everything",
		Source:  "https://github.com/moby/buildkit/pull/5359",
		Needs:   []claim.Need{claim.ContainerDriver, claim.BuildKit(">=0.17")},
		History: "minFreeSpace, maxUsedSpace and reservedSpace came with v0.17",
		Takes:   8 * time.Second,
	}, func(t *suite.T) {
		// More than any disk has: the rule never reaches it.
		const unreachable = "1PB"

		b := builder.New(t)
		value, limit := stock.Unequal(t, b)
		b = b.Recreate(t, builder.GC(builder.Rule{MinFree: unreachable, Reserved: fmt.Sprint(limit)}))
		requireOnlyFirst(t, b, value)

		b = b.Recreate(t, builder.GC(builder.Rule{MinFree: unreachable}))
		cache.AwaitGone(t, b, gcPatience, "the disk never has the free space that the policy wants and nothing is reserved, but BuildKit does not prune everything", "thing-first")
	})

	suite.Prove(t, claim.Claim{
		ID:      "buildkit/gc-own-policy",
		Text:    "The first rule of BuildKit's default policy is for cache mounts and local sources, not for layers",
		Source:  "https://github.com/moby/buildkit/pull/6856",
		Needs:   []claim.Need{claim.ContainerDriver, claim.BuildKit(">=0.31")},
		History: "Before v0.31 the rule joined its three types with commas, which means all of them at once, and matched nothing",
	}, func(t *suite.T) {
		b := builder.SharedWithDefaultGC(t)
		stock.ReadFrom(t, b, "mount", stock.Source(t))
		require.NotEmpty(t, cache.Usage(t, b).Of("regular"), "the cache has no layers, so this proves nothing")

		words := []string{"exec", b.Container(), "buildctl", "du", "--verbose"}
		for _, filter := range firstRule(t, b) {
			words = append(words, "--filter", filter)
		}
		chosen, err := cache.Parse(b.Config.Docker(t, words...).Stdout())
		t.EnvironmentOK(err, "cannot read the output of buildctl du")

		require.NotEmpty(t, stock.Mounts(chosen), "the first rule of BuildKit's default policy matches no cache mounts")
		require.NotEmpty(t, stock.Sources(chosen), "the first rule of BuildKit's default policy matches no local sources")
		require.Empty(t, chosen.Of("regular"), "the first rule of BuildKit's default policy matches layers")
	})

	suite.Prove(t, claim.Claim{
		// BuildKit prunes a second after it starts, and then at most once a minute,
		// so this claim takes a minute and is idle for most of it.
		ID:       "buildkit/gc-after-build",
		Text:     "BuildKit prunes within a minute after a build: it removes what no build uses anymore and keeps what a running build uses",
		Source:   docsGC,
		Needs:    []claim.Need{claim.ContainerDriver},
		Deadline: 4 * time.Minute,
		Takes:    time.Minute,
	}, func(t *suite.T) {
		b := builder.New(t)
		stock.Read(t, b, "first")
		b = b.Recreate(t, builder.GC(builder.Rule{Limit: nextToNothing}))
		cache.AwaitGone(t, b, gcPatience, "BuildKit does not prune when it starts, so a later prune proves nothing", "thing-first")

		// From here on only the end of a build causes a prune.
		gone, _ := stock.Read(t, b, "first")
		wake := stock.Rest(t, b)
		cache.AwaitGone(t, b, 2*time.Minute, "a build ended more than a minute ago, but BuildKit does not prune what it left", "thing-first")

		used := wake()
		first, second := stock.ReadLayers(t, b)
		require.Equal(t, used, second, "the layer that a build was using is gone")
		require.NotEqual(t, gone, first, "the layer left the disk, but a build still finds it")
	})
}

// exceed sees to it that a cache has a layer, a cache mount and a local source, and uses
// the latter two once more, later than the layer. It returns what the layer and the mount
// hold, and a limit that the cache exceeds by that many bytes.
func exceed(t *suite.T, b *builder.Builder, source string, excess int64) (layer, mount string, limit int64) {
	layer, _, _ = stock.ReadFirstAnd(t, b, "mount", source)
	// For BuildKit this is a use of each record, so the order is set afterwards.
	limit = cache.Usage(t, b).Bytes() - excess
	mount, _ = stock.ReadFrom(t, b, "mount", source)
	return layer, mount, limit
}

// onlyFor are the filters of a rule that is for these records.
func onlyFor(records cache.Records) []string {
	var filters []string
	for _, id := range records.IDs() {
		filters = append(filters, "id=="+id)
	}
	return filters
}

// requireOnlyFirst waits until BuildKit has pruned the second layer, and fails
// unless the first one is still there.
func requireOnlyFirst(t *suite.T, b *builder.Builder, value string) {
	cache.AwaitGone(t, b, gcPatience, "there is room for one of two layers, but BuildKit does not prune the one that was used less often and less recently", "thing-second")
	stock.MustHit(t, b, "first", value, "the layer that was used more often and more recently was pruned, too, though there was room for it")
}

// firstRule returns the filters of the first rule of a BuildKit's policy.
func firstRule(t *suite.T, b *builder.Builder) []string {
	var workers []struct {
		Policy []struct{ Filter []string } `json:"gcPolicy"`
	}
	told := b.Exec(t, "buildctl", "debug", "workers", "--format", "{{json .}}")
	require.NoError(t, json.Unmarshal([]byte(told), &workers))
	require.NotEmpty(t, workers, "BuildKit has no workers")
	require.NotEmpty(t, workers[0].Policy, "BuildKit has no default policy")
	filters := workers[0].Policy[0].Filter
	require.NotEmpty(t, strings.Join(filters, ""), "the first rule of BuildKit's default policy matches everything")
	return filters
}
