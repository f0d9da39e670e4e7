package claims

import "builders.test/helpers/claim"

var caching = []claim.Claim{
	{
		ID:      "caching/second-build",
		Text:    "The second build on the same builder is answered from its cache, a changed step is not",
		Source:  docsCache,
		History: "A step may run again while another build on the same BuildKit uses the same base image: seen with v0.11.5, and upstream still has moby/buildkit#4674 open",
	},
	{
		ID:     "caching/no-cache",
		Text:   "`--no-cache` runs the steps again on a builder that has them in its cache",
		Source: docsBuild,
	},
	{
		ID:     "caching/third-builder",
		Text:   "A third builder, pinned to the same version, misses what the first builder still hits",
		Source: docsBuilders,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "caching/third-builder-unpinned",
		Text:   "A third builder that is not pinned misses what the first builder still hits",
		Source: docsBuilders,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:     "caching/loaded-image",
		Text:   "An image that one builder loaded into the engine gives another builder no cache",
		Source: docsBuilders,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "caching/stop-start",
		Text:   "A builder's cache survives a stop and a start of the builder",
		Source: docsStop,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:     "caching/registry",
		Text:   "A cache exported to a registry is used by the builder that imports it, and by no other",
		Source: docsRegistry,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:      "caching/registry-strict",
		Text:    "With `image-manifest=true` a cache goes to a registry that checks indexes, which refuses it otherwise",
		Source:  "https://github.com/moby/buildkit/issues/2251",
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.12")},
		History: "Releases before v0.12 know no image-manifest: registry:3 answers their cache exports with 400 Bad Request",
	},
	{
		ID:     "caching/local",
		Text:   "A cache exported to a folder is used by the builder that imports it, and by no other",
		Source: docsLocal,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
}
