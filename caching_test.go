//go:build integration

package builders

import (
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/engine"
	"builders.test/helpers/fixture"
	"builders.test/helpers/image"
	"builders.test/helpers/progress"
	"builders.test/helpers/registry"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// Chapter: every builder has its own cache. A random value drawn by RUN distinguishes
// a hit from a miss: it is the same only if the step did not run again. A claim that
// expects a hit borrows a builder and does not use a shared one: while another build uses the same base
// image, BuildKit may rerun a step that is in its cache (moby/buildkit#4674).
func TestCaching(t *testing.T) {
	suite.Prove(t, claim.Claim{
		ID:      "caching/second-build",
		Text:    "The second build on the same builder comes from its cache; a changed step does not",
		Source:  docsCache,
		History: "A step may run again while another build on the same BuildKit uses the same base image: seen with v0.11.5, and moby/buildkit#4674 is still open",
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		first, r := build.ExportAll(t, b, "fixtures/caching", build.Target("both"), build.Salt(t))
		require.NotEqual(t, progress.Yes, r.Cached("> /id"), "the first build already finds its step in the cache")

		second, r := build.ExportAll(t, b, "fixtures/caching", build.Target("both"), build.Salt(t), build.Arg("CHANGE", "changed"))
		require.Equal(t, first.Text(t, "id"), second.Text(t, "id"), "the second build on the same builder ran the step again")
		require.NotEqual(t, progress.No, r.Cached("> /id"), "the step came from the cache, but BuildKit reports that it was executed")
		require.NotEqual(t, first.Text(t, "changing"), second.Text(t, "changing"), "a step whose argument changed came from the cache")
		require.NotEqual(t, progress.Yes, r.Cached("> /changing"), "a step whose argument changed counts as cached")
	})

	suite.Prove(t, claim.Claim{
		ID:     "caching/no-cache",
		Text:   "`--no-cache` runs the steps again on a builder that has them in its cache",
		Source: docsBuild,
	}, func(t *suite.T) {
		b := builder.Borrow(t)
		first, _ := probe.Draw(t, b)
		second, cached := probe.Draw(t, b, build.NoCache())
		require.NotEqual(t, first, second, "--no-cache used the cache")
		require.NotEqual(t, progress.Yes, cached, "--no-cache ran the step but reports it as cached")
	})

	suite.Prove(t, claim.Claim{
		ID:     "caching/third-builder",
		Text:   "A third builder, pinned to the same version, misses what the first builder still hits",
		Source: docsBuilders,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		first := builder.Borrow(t)
		value, _ := probe.Draw(t, first)
		third := builder.Shared(t)
		probe.MustMiss(t, third, value, "a builder of the same version found the cache of another builder")
		probe.MustHit(t, first, value, "the first builder lost its cache when another one built the same")
	})

	suite.Prove(t, claim.Claim{
		ID:     "caching/third-builder-unpinned",
		Text:   "A third builder that is not pinned misses what the first builder still hits",
		Source: docsBuilders,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		first := builder.Borrow(t)
		value, _ := probe.Draw(t, first)
		probe.MustMiss(t, unpinned(t).Builder, value, "an unpinned builder found the cache of another builder")
		probe.MustHit(t, first, value, "the first builder lost its cache when another one built the same")
	})

	suite.Prove(t, claim.Claim{
		ID:     "caching/loaded-image",
		Text:   "An image that one builder loaded into the engine gives another builder no cache",
		Source: docsBuilders,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		first := builder.Borrow(t)
		loaded := image.New(t, "drawing")
		build.Run(t, first, "fixtures/caching", build.Load(loaded), build.Salt(t))
		require.True(t, image.Exists(t, loaded), "the image was not loaded, so this proves nothing")

		drawn, cached := probe.Draw(t, builder.Shared(t))
		require.Empty(t, image.FilesContaining(t, loaded, drawn), "a builder used an image that another builder had loaded as cache")
		require.NotEqual(t, progress.Yes, cached, "BuildKit reports that the step was cached, but its result is new")

		drawn, cached = probe.Draw(t, first)
		require.NotEmpty(t, image.FilesContaining(t, loaded, drawn), "the builder that loaded the image lost its cache")
		require.NotEqual(t, progress.No, cached, "the result is the cached one, but BuildKit reports that the step was executed")
	})

	suite.Prove(t, claim.Claim{
		ID:     "caching/stop-start",
		Text:   "A builder's cache survives stopping and starting the builder",
		Source: docsStop,
		Needs:  []claim.Need{claim.ContainerDriver},
	}, func(t *suite.T) {
		b := builder.New(t, builder.Bootstrapped())
		value, _ := probe.Draw(t, b)

		b.Config.Buildx(t, "stop", b.Name)
		require.False(t, engine.Container(t, b.Container()).State.Running, "stop left the builder's container running")

		probe.MustHit(t, b, value, "the builder lost its cache when it was stopped and started")
		require.True(t, engine.Container(t, b.Container()).State.Running, "the build after the stop ran somewhere else")
	})

	suite.Prove(t, claim.Claim{
		ID:     "caching/registry",
		Text:   "A cache exported to a registry is used by the builder that imports it, and by no other",
		Source: docsRegistry,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		ref := registry.Start(t, registry.Lenient).Ref("cache:drawing")
		requireImported(t, "registry", "type=registry,mode=max,ref="+ref, "type=registry,ref="+ref)
	})

	suite.Prove(t, claim.Claim{
		ID:      "caching/registry-strict",
		Text:    "With `image-manifest=true` a cache can be exported to a registry that checks indexes; without it the registry refuses the cache",
		Source:  "https://github.com/moby/buildkit/issues/2251",
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.12")},
		History: "Releases before v0.12 do not support image-manifest: registry:3 answers their cache exports with 400 Bad Request",
	}, func(t *suite.T) {
		ref := registry.Start(t, registry.Strict).Ref("cache:strict")
		b := builder.Shared(t)
		export := "type=registry,mode=max,ref=" + ref

		refused := build.Try(t, b, "fixtures/caching", build.CacheTo(export+",image-manifest=false"))
		refused.MustFail(t, "a registry that checks indexes accepted an index of layers, so this proves nothing")

		value, _ := probe.Draw(t, b, build.CacheTo(export+",image-manifest=true"))
		shared, _ := probe.Draw(t, builder.Borrow(t), build.CacheFrom("type=registry,ref="+ref))
		require.Equal(t, value, shared, "the cache that the registry accepted as an image manifest was not used")
	})

	suite.Prove(t, claim.Claim{
		ID:     "caching/local",
		Text:   "A cache exported to a folder is used by the builder that imports it, and by no other",
		Source: docsLocal,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		dir := fixture.Path(t, "cache")
		requireImported(t, "folder", "type=local,mode=max,dest="+dir, "type=local,src="+dir)
	})
}

// requireImported exports a cache to a place, and requires that a builder that
// imports it uses it, and that one that does not import it does not.
func requireImported(t *suite.T, place, to, from string) {
	value, _ := probe.Draw(t, builder.Shared(t), build.CacheTo(to))
	importing, ignorant := builder.Borrow(t), builder.Borrow(t)
	shared, cached := probe.Draw(t, importing, build.CacheFrom(from))
	require.Equal(t, value, shared, "the cache in the %s was not used", place)
	require.NotEqual(t, progress.No, cached, "the step came from the %s's cache, but BuildKit says that it was executed", place)
	probe.MustMiss(t, ignorant, value, "a builder that was not told of the cache used it")
}
