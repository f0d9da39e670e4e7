package claims

import "builders.test/helpers/claim"

const (
	docsDu    = "https://docs.docker.com/reference/cli/docker/buildx/du/"
	docsPrune = "https://docs.docker.com/reference/cli/docker/buildx/prune/"
)

// disk is about the question whether disk is easier to control.
var disk = []claim.Claim{
	{
		ID:     "images/du",
		Text:   "`du` counts what its builder built, and nothing that only another builder built",
		Source: docsDu,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "images/prune",
		Text:   "`prune --all` empties the cache of its builder and leaves another builder's, which still hits",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "images/prune-engine",
		Text:   "The engine's own build cache is another than a builder's: what is pruned from the one stays in the other",
		Source: docsBuilders,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "images/prune-type",
		Text:   "`prune --filter type=` takes cache mounts, local sources or layers, and leaves the other two",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "images/prune-id",
		Text:   "`prune --filter id=` takes the record that `du` lists under this id, and no other layer",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:      "images/prune-description",
		Text:    "`prune --filter description~=` takes what `du` lists by the same filter, and nothing else",
		Source:  "https://github.com/moby/buildkit/pull/4877",
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.14"), claim.Buildx(">=0.15")},
		History: "Before BuildKit v0.14 prune knew no descriptions and took nothing, while du listed the records; buildx passes ~= on since v0.15",
	},
	{
		ID:     "images/prune-until",
		Text:   "`prune --filter until=` leaves what was used within that time, and takes the rest",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "images/prune-all",
		Text:   "`prune` leaves the Dockerfile frontends, `prune --all` takes them too",
		Source: docsPrune,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "images/prune-running",
		Text:   "`prune --all` spares what a running build uses and takes the rest; the build ends well",
		Source: docsDu,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:      "images/prune-reserved-space",
		Text:    "`prune --reserved-space`, of old `--keep-storage`, prunes to that size and begins with what was used least and longest ago",
		Source:  docsPrune,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.Buildx(">=0.18")},
		History: "Called --keep-storage before buildx v0.18, which still takes the old name; every BuildKit understands it",
	},
	{
		ID:      "images/prune-max-used-space",
		Text:    "`prune --max-used-space` prunes to that size and begins with what was used least and longest ago",
		Source:  docsPrune,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.17"), claim.Buildx(">=0.18")},
		History: "Since BuildKit v0.17 and buildx v0.18",
	},
	{
		ID:      "images/prune-min-free-space",
		Text:    "`prune --min-free-space` takes nothing while the disk is as free as that, and otherwise prunes, as far as `--reserved-space`",
		Source:  docsPrune,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.17"), claim.Buildx(">=0.18")},
		History: "Since BuildKit v0.17 and buildx v0.18",
	},
	{
		ID:     "images/prune-old-buildkit",
		Text:   "`prune --max-used-space` and `--min-free-space` fail on a BuildKit that does not know them, such as v0.11.5, and take nothing",
		Source: "https://github.com/moby/buildkit/pull/5359",
		Needs:  []claim.Need{claim.ContainerDriver, claim.Buildx(">=0.18")},
	},
	{
		ID:     "images/prune-stopped",
		Text:   "`du` and `prune` of a stopped builder fail; they neither start it nor harm its cache",
		Source: "https://github.com/docker/buildx/issues/2134",
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:      "images/system-prune",
		Text:    "What `docker system prune --volumes` takes of a stopped builder, its container, costs no cache: the state volume has a name and stays, and the next build finds it",
		Source:  "https://docs.docker.com/reference/cli/docker/system/prune/",
		Needs:   []claim.Need{claim.ContainerDriver},
		History: "Engines before 23.0 pruned volumes that have a name too",
	},
}
