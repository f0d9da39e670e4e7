//go:build integration

package builders

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/cache"
	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/helpers/suite"
	"github.com/docker/go-units"
	"github.com/stretchr/testify/require"
)

const (
	docsDu    = "https://docs.docker.com/reference/cli/docker/buildx/du/"
	docsPrune = "https://docs.docker.com/reference/cli/docker/buildx/prune/"
)

// The chapter images asks: is disk use easier to control?

func imagesDisk(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:     "images/du",
		Text:   "`du` counts what its builder built, and nothing that only another builder built",
		Source: docsDu,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		one, other := builder.Borrow(t), builder.Borrow(t)
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
		ID:      "images/du-json",
		Text:    "`du --format json` prints one object per line for each record in the builder's cache, with the id, type, description and size that BuildKit reports, and whether it is in use, mutable or shared",
		Source:  "https://github.com/docker/buildx/issues/3367",
		Needs:   []claim.Need{claim.OwnBuildKit, claim.Buildx(">=0.28")},
		History: "buildx has du --format since v0.28",
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		stock.Read(t, b, "first")
		cache.AwaitIdle(t, b)
		wake := stock.Rest(t, b)
		listed, held := listedByDu(t, b), heldBy(t, b)
		wake()

		require.NotEmpty(t, used(held), "nothing in the cache is in use, so this proves nothing")
		require.Less(t, len(used(held)), len(held), "everything in the cache is in use, so this proves nothing")
		for id, record := range held {
			require.Contains(t, slices.Collect(maps.Keys(listed)), id, "du --format json does not list a record that BuildKit holds")
			require.Equal(t, record, listed[id], "du --format json describes a record differently from BuildKit")
		}
		require.Len(t, listed, len(held), "du --format json lists a record that BuildKit does not hold")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune",
		Text:   "`prune --all` empties its builder's cache; another builder's cache still hits",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		pruned, bystander := builder.Borrow(t), builder.Borrow(t)
		gone, _ := stock.Read(t, pruned, "first")
		kept, _ := stock.Read(t, bystander, "first")

		prune(t, pruned, "--all")

		require.Empty(t, cache.Usage(t, pruned), "prune --all left something in an idle builder's cache")
		stock.MustMiss(t, pruned, "first", gone, "prune --all left the layer")
		stock.MustHit(t, bystander, "first", kept, "pruning one builder removed another's cache")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-engine",
		Text:   "The engine's own build cache and a builder's are separate: pruning one leaves the other",
		Source: docsBuilders,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		engines, own := builder.New(t, builder.Driver(subject.DriverDocker)), builder.Borrow(t)
		inEngine, otherInEngine := stock.ReadMounts(t, engines)
		inOwn, _ := stock.ReadMounts(t, own)
		t.Cleanup(func() { pruneSalted(t, engines, t.Salt()) })

		// One of two mounts: the other one shows what pruning the builder does to the engine.
		pruneSalted(t, engines, "/cache")
		inOwnAgain, _ := stock.ReadMounts(t, own)
		require.Equal(t, inOwn, inOwnAgain, "pruning the engine's own cache removed something from a builder's")

		prune(t, own, "--all")
		require.Empty(t, cache.Usage(t, own), "prune --all left something in a builder's cache, so this proves nothing")
		inEngineAgain, otherAgain := stock.ReadMounts(t, engines)
		require.Equal(t, otherInEngine, otherAgain, "pruning a builder removed something from the engine's own cache")
		require.NotEqual(t, inEngine, inEngineAgain, "prune left a cache mount in the engine's own cache, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-type",
		Text:   "`prune --filter type=` removes cache mounts, local sources or layers, and leaves the other two",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		source := stock.Source(t)
		layer, mount, _ := stock.ReadFirstAnd(t, b, "mount", source)

		prune(t, b, "--filter", "type=exec.cachemount")
		found, again, sent := stock.ReadFirstAnd(t, b, "mount", source)
		require.Equal(t, layer, found, "pruning cache mounts removed a layer")
		require.NotEqual(t, mount, again, "pruning cache mounts left one")
		require.Less(t, sent.Sent(t), int64(cache.Thing), "pruning cache mounts removed a local source")

		prune(t, b, "--filter", "type=source.local")
		held := cache.Usage(t, b)
		require.Empty(t, stock.Sources(held), "pruning local sources left one")
		require.NotEmpty(t, stock.Mounts(held), "pruning local sources removed a cache mount")
		require.NotEmpty(t, stock.Layer(held, "first"), "pruning local sources removed a layer")

		prune(t, b, "--filter", "type=regular")
		found, same, sent := stock.ReadFirstAnd(t, b, "mount", source)
		require.NotEqual(t, layer, found, "pruning layers left one")
		require.Equal(t, again, same, "pruning layers removed a cache mount")
		require.GreaterOrEqual(t, sent.Sent(t), int64(cache.Thing), "du no longer lists the local source, but a build still finds it")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-id",
		Text:   "`prune --filter id=` removes the record that `du` lists under this id, and no other layer",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		gone, kept := stock.ReadLayers(t, b)
		for _, id := range stock.Layer(cache.Usage(t, b), "first").IDs() {
			prune(t, b, "--filter", "id="+id)
		}

		first, second := stock.ReadLayers(t, b)
		require.NotEqual(t, gone, first, "pruning by id left the layer with that id")
		require.Equal(t, kept, second, "pruning by id removed a layer with another id")
	})

	suite.Prove(t, claim.Claim{
		ID:      "images/prune-description",
		Text:    "`prune --filter description~=` removes what `du` lists with the same filter, and nothing else",
		Source:  "https://github.com/moby/buildkit/pull/4877",
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.14"), claim.Buildx(">=0.15")},
		History: "Before BuildKit v0.14 prune did not support descriptions and removed nothing, although du listed the records; buildx passes ~= on since v0.15",
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		gone, kept := stock.ReadLayers(t, b)
		chosen := cache.Usage(t, b, "--filter", "description~=thing-first")
		require.NotEmpty(t, stock.Layer(chosen, "first"), "du with a filter does not list the layer that matches it")
		require.Empty(t, stock.Layer(chosen, "second"), "du with a filter lists a layer that does not match it")

		prune(t, b, "--filter", "description~=thing-first")

		first, second := stock.ReadLayers(t, b)
		require.NotEqual(t, gone, first, "prune left the layer that du lists with the same filter")
		require.Equal(t, kept, second, "prune removed a layer that du does not list with the same filter")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-until",
		Text:   "`prune --filter until=` keeps what was used within that time and removes the rest",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		value, _ := stock.Read(t, b, "first")
		prune(t, b, "--all", "--filter", "until=1h")
		stock.MustHit(t, b, "first", value, "pruning what was not used for an hour removed a layer that was just used")
		prune(t, b, "--all", "--filter", "until=1ms")
		stock.MustMiss(t, b, "first", value, "pruning what was not used for a millisecond left a layer")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-all",
		Text:   "`prune` keeps the Dockerfile frontends; `prune --all` removes them, too",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		stock.Read(t, b, "first", build.Syntax("docker/dockerfile:1"))
		require.NotEmpty(t, cache.Usage(t, b).Of("frontend"), "the cache has no frontend, so this proves nothing")

		prune(t, b)
		held := cache.Usage(t, b)
		require.NotEmpty(t, held.Of("frontend"), "prune without --all removed the frontend")
		require.Empty(t, stock.Layer(held, "first"), "prune left the layer")

		prune(t, b, "--all")
		require.Empty(t, cache.Usage(t, b).Of("frontend"), "prune --all left the frontend")
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/prune-running",
		Text:   "`prune --all` keeps what a running build uses and removes the rest; the build succeeds",
		Source: docsDu,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		gone, _ := stock.Read(t, b, "first")
		cache.AwaitIdle(t, b)
		wake := stock.RestUntilRead(t, b)
		require.NotEmpty(t, stock.Layer(cache.Usage(t, b), "second").InUse(), "du lists a layer that a running build uses as reclaimable")

		cache.Prune(t, b, "--all")

		held := cache.Usage(t, b)
		require.Empty(t, stock.Layer(held, "first"), "prune --all left a layer that no build uses")
		require.NotEmpty(t, stock.Layer(held, "second"), "prune --all removed the layer that a running build uses")
		value, first, second := wake()
		require.Equal(t, value, second, "the layer that a build was using is gone")
		require.NotEqual(t, gone, first, "du no longer lists the layer, but a build still finds it")
	})

	imagesSpace(t)
}

// listing is what du --format json prints about a record of a cache.
type listing struct {
	Type, Size                   string
	Reclaimable, Mutable, Shared bool
	Description                  string
}

// listedByDu returns what du --format json prints, by the records' ids.
func listedByDu(t *suite.T, b *builder.Builder) map[string]listing {
	t.Helper()
	listed := map[string]listing{}
	for line := range strings.Lines(b.Config.Buildx(t, "du", "--format", "json", "--builder", b.Name).Stdout()) {
		var record struct {
			ID string
			listing
		}
		require.NoError(t, json.Unmarshal([]byte(line), &record), "du --format json prints a line that is no JSON object")
		require.Zero(t, listed[record.ID], "du --format json lists a record twice")
		listed[record.ID] = record.listing
	}
	return listed
}

// heldBy returns what du --format json must print, as the builder's BuildKit
// reports it without buildx. Sizes are rounded to the digits that buildx prints.
func heldBy(t *suite.T, b *builder.Builder) map[string]listing {
	t.Helper()
	var records []struct {
		ID, RecordType, Description string
		Size                        float64
		InUse, Mutable, Shared      bool
	}
	if err := json.Unmarshal([]byte(b.Exec(t, "buildctl", "du", "--format", "{{json .}}")), &records); err != nil {
		t.EnvironmentFailed("cannot read what buildctl du printed: %v", err)
	}
	held := map[string]listing{}
	for _, r := range records {
		held[r.ID] = listing{
			Type: r.RecordType, Size: units.HumanSize(r.Size),
			Reclaimable: !r.InUse, Mutable: r.Mutable, Shared: r.Shared,
			Description: r.Description,
		}
	}
	return held
}

// used returns the ids of the records that are in use.
func used(records map[string]listing) (ids []string) {
	for id, record := range records {
		if !record.Reclaimable {
			ids = append(ids, id)
		}
	}
	return ids
}

// prune prunes a builder whose cache is not in use.
func prune(t *suite.T, b *builder.Builder, words ...string) {
	cache.AwaitIdle(t, b)
	cache.Prune(t, b, words...)
}

// prunePatience is how long other claims may use what is to be pruned.
const prunePatience = 30 * time.Second

// pruneSalted removes this claim's cache mounts from a shared cache, those of which du
// says the text. A record that is in use stays, so pruning is retried.
func pruneSalted(t *suite.T, b *builder.Builder, text string) {
	cache.Until(t, prunePatience, func() (string, error) {
		held, err := cache.TryUsage(t, b)
		salted := held.About(t.Salt()).About(text)
		if err != nil || len(salted) == 0 {
			return "", err
		}
		for _, id := range salted.Of("exec.cachemount").IDs() {
			cache.Prune(t, b, "--filter", "id="+id)
		}
		return "prune leaves this run's cache mount in the engine's own cache", nil
	})
}
