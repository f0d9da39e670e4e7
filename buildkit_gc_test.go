//go:build integration

package builders

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/disk"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

const (
	docsGC   = "https://docs.docker.com/build/cache/garbage-collection/"
	docsToml = "https://docs.docker.com/build/buildkit/toml-configuration/"
)

// Reason 7 of the chapter buildkit: the cache is pruned by itself, the least
// valuable first. See reopened for why the specs start BuildKit anew.

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
		gone, _ := reading(t, pruning, "first")
		kept, _ := reading(t, keeping, "first")

		// The one that keeps starts first: its time to prune has come when the
		// other's has.
		keeping = reopened(t, keeping)
		pruning = reopened(t, pruning, builder.GC(builder.Rule{Limit: nextToNothing}))

		disk.AwaitGone(t, pruning, gcPatience, "the cache is larger than its policy allows, and BuildKit does not prune it", "thing-first")
		requireAnew(t, pruning, "first", gone, "the layer left the disk, but a build still finds it")
		requireStill(t, keeping, "first", kept, "BuildKit pruned a small cache that no policy of ours is for")
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

		sparing := stocked(t, 3*thing/2)
		b := reopened(t, sparing.Builder, builder.GC(reproducible(sparing.limit), everything(sparing.limit)))
		disk.AwaitGone(t, b, gcPatience, "the policy's first rule is for cache mounts and local sources, and BuildKit does not prune them", "thing-mount", "thing-source")
		requireStill(t, b, "first", sparing.layer, "the layer went, though pruning the cache mount and the local source was enough")
		found, again := readingFrom(t, b, "mount", sparing.source)
		require.NotEqual(t, sparing.mount, found, "the cache mount left the disk, but a build still finds it")
		require.GreaterOrEqual(t, again.Sent(t), int64(thing), "the local source left the disk, but a build does not send it again")

		// Without that rule what was used longest ago goes first: the layer.
		levelling := stocked(t, thing/2)
		b = reopened(t, levelling.Builder, builder.GC(everything(levelling.limit)))
		disk.AwaitGone(t, b, gcPatience, "the cache is larger than its policy allows, and BuildKit does not prune its oldest layer", "thing-first")
		requireStill(t, b, "mount", levelling.mount, "the cache mount went too, though it was used later than the layer and pruning that was enough")
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/gc-least-used",
		Text:   "Where there is room for one of two layers, the one that was used more often and later stays and the other goes",
		Source: docsGC,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		b, value, limit := unequal(t)
		b = reopened(t, b, builder.GC(builder.Rule{Limit: limit}))
		requireOnlyFirst(t, b, value)
	})

	suite.Prove(t, claim.Claim{
		ID:     "buildkit/gc-recent",
		Text:   "A rule with `keepDuration` spares what was used within it, and takes what was used before",
		Source: docsToml,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		// That the last rule was applied tells that the first one had been.
		last := builder.Rule{Limit: nextToNothing, Filters: []string{"type==source.local"}}
		for _, recent := range []time.Duration{time.Hour, time.Second} {
			b := builder.New(t, builder.NoGC())
			value, _ := reading(t, b, "first")
			// It is noted when the build lets go of the layer, which a stop right
			// behind the build may come before.
			disk.Await(t, b, time.Minute, "BuildKit does not note when the layer was used",
				func(held disk.Records) bool { return len(layer(held, "first").Used()) > 0 })
			b = reopened(t, b, builder.GC(builder.Rule{Limit: nextToNothing, Recent: recent}, last))
			disk.AwaitGone(t, b, gcPatience, "BuildKit does not prune local sources, though a rule says so", "Dockerfile")
			if recent == time.Hour {
				requireStill(t, b, "first", value, "a rule with keepDuration took a layer that was used within it")
			} else {
				requireAnew(t, b, "first", value, "a rule with keepDuration spared a layer that was used before")
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

		b, value, limit := unequal(t)
		b = reopened(t, b, builder.GC(builder.Rule{MinFree: unreachable, Reserved: fmt.Sprint(limit)}))
		requireOnlyFirst(t, b, value)

		b = reopened(t, b, builder.GC(builder.Rule{MinFree: unreachable}))
		disk.AwaitGone(t, b, gcPatience, "the disk is never as free as the policy wants, nothing is reserved, and BuildKit does not prune all", "thing-first")
	})

	suite.Prove(t, claim.Claim{
		ID:      "buildkit/gc-own-policy",
		Text:    "The first rule of BuildKit's own policy is for cache mounts and local sources and for no layers",
		Source:  "https://github.com/moby/buildkit/pull/6856",
		Needs:   []claim.Need{claim.ContainerDriver, claim.BuildKit(">=0.31")},
		History: "Before v0.31 the rule joined its three types with commas, which means all of them at once, and was for nothing",
	}, func(t *suite.T) {
		b := builder.New(t)
		readingFrom(t, b, "mount", newSource(t))
		require.NotEmpty(t, disk.Usage(t, b).Of("regular"), "the cache holds no layers, so this proves nothing")

		words := []string{"exec", b.Container(), "buildctl", "du", "--verbose"}
		for _, filter := range firstRule(t, b) {
			words = append(words, "--filter", filter)
		}
		chosen, err := disk.Parse(b.Config.Docker(t, words...).Stdout())
		if err != nil {
			t.EnvironmentFailed("what buildctl du printed cannot be read: %v", err)
		}

		require.NotEmpty(t, mounts(chosen), "the first rule of BuildKit's own policy chooses no cache mounts")
		require.NotEmpty(t, sources(chosen), "the first rule of BuildKit's own policy chooses no local sources")
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
		reading(t, b, "first")
		b = reopened(t, b, builder.GC(builder.Rule{Limit: nextToNothing}))
		disk.AwaitGone(t, b, gcPatience, "BuildKit does not prune at its start, so that what it prunes later cannot be told from that", "thing-first")

		// What is pruned from here on is so because of a build.
		gone, _ := reading(t, b, "first")
		wake := rest(t, b)
		disk.AwaitGone(t, b, 2*time.Minute, "a build ended more than a minute ago, and BuildKit does not prune what it left", "thing-first")

		value := wake()
		requireStill(t, b, "second", value, "the layer that a build was using is gone")
		requireAnew(t, b, "first", gone, "the layer left the disk, but a build still finds it")
	})
}

// stock is a builder whose cache holds a layer, and a cache mount and a local
// source that were used later and more often; and a limit in bytes that it
// exceeds.
type stock struct {
	*builder.Builder
	layer, mount, source string
	limit                int64
}

// stocked makes a stock that exceeds its limit by so many bytes.
func stocked(t *suite.T, excess int64) stock {
	t.Helper()
	s := stock{Builder: builder.New(t, builder.NoGC()), source: newSource(t)}
	s.layer, _ = reading(t, s.Builder, "first")
	readingFrom(t, s.Builder, "mount", s.source)
	// To BuildKit this is a use of each record, so the order is made after it.
	s.limit = disk.Usage(t, s.Builder).Bytes() - excess
	s.mount, _ = readingFrom(t, s.Builder, "mount", s.source)
	return s
}

// unequal is a builder whose cache holds two layers, and a limit in bytes that
// leaves room for one. The first layer, whose value it returns, is the older
// one, but was used later and more often.
func unequal(t *suite.T) (b *builder.Builder, value string, limit int64) {
	t.Helper()
	b = builder.New(t, builder.NoGC())
	reading(t, b, "first")
	reading(t, b, "second")
	// To BuildKit this is a use of each record, so the order is made after it.
	limit = disk.Usage(t, b).Bytes() - thing/2
	value, _ = reading(t, b, "first")
	return b, value, limit
}

// requireOnlyFirst waits until BuildKit pruned the second layer, and fails
// unless the first one is still there.
func requireOnlyFirst(t *suite.T, b *builder.Builder, value string) {
	t.Helper()
	disk.AwaitGone(t, b, gcPatience, "there is room for one of two layers, and BuildKit does not prune the one that was used less and longer ago", "thing-second")
	requireStill(t, b, "first", value, "the layer that was used more often and later went too, though there was room for it")
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
