package claims

import (
	"time"

	"builders.test/helpers/claim"
)

const (
	docsGC   = "https://docs.docker.com/build/cache/garbage-collection/"
	docsToml = "https://docs.docker.com/build/buildkit/toml-configuration/"
)

// gc is the seventh reason for BuildKit.
var gc = []claim.Claim{
	{
		ID:      "buildkit/gc-by-itself",
		Text:    "A cache that is larger than its policy allows is pruned without being asked; one that BuildKit's own policy is for stays while it is small",
		Source:  docsGC,
		Needs:   []claim.Need{claim.ContainerDriver},
		History: "The limit is called maxUsedSpace since v0.17; before that, keepBytes, which since then means the space reserved for the cache and still works as a limit if no other is given",
	},
	{
		ID:     "buildkit/gc-mounts-first",
		Text:   "A rule for cache mounts and local sources takes them before any layer; without it a layer that was used longest ago goes first",
		Source: docsGC,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:     "buildkit/gc-least-used",
		Text:   "Where there is room for one of two layers, the one that was used more often and later stays and the other goes",
		Source: docsGC,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:     "buildkit/gc-recent",
		Text:   "A rule with `keepDuration` spares what was used within it, and takes what was used before",
		Source: docsToml,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:      "buildkit/gc-reserved-space",
		Text:    "To get `minFreeSpace` BuildKit prunes as far as `reservedSpace` and no further; with nothing reserved it prunes all",
		Source:  "https://github.com/moby/buildkit/pull/5359",
		Needs:   []claim.Need{claim.ContainerDriver, claim.BuildKit(">=0.17")},
		History: "minFreeSpace, maxUsedSpace and reservedSpace came with v0.17",
	},
	{
		ID:      "buildkit/gc-own-policy",
		Text:    "The first rule of BuildKit's own policy is for cache mounts and local sources and for no layers",
		Source:  "https://github.com/moby/buildkit/pull/6856",
		Needs:   []claim.Need{claim.ContainerDriver, claim.BuildKit(">=0.31")},
		History: "Before v0.31 the rule joined its three types with commas, which means all of them at once, and was for nothing",
	},
	{
		// BuildKit prunes a second after its start, and then once a minute at
		// most, so this claim takes a minute, in which nearly nothing runs.
		ID:       "buildkit/gc-after-build",
		Text:     "BuildKit prunes within a minute after a build, takes what no build uses any longer, and spares what a running build uses",
		Source:   docsGC,
		Needs:    []claim.Need{claim.ContainerDriver},
		Deadline: 4 * time.Minute,
	},
}
