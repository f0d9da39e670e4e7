package claims

import "builders.test/helpers/claim"

var cleanup = []claim.Claim{
	{
		ID:     "cleanup/rm",
		Text:   "`rm` removes the builder's container, state volume and record, and those of no other builder",
		Source: docsRm,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:     "cleanup/keep-state",
		Text:   "`rm --keep-state` keeps the state volume, and a builder of the same name finds its cache again",
		Source: docsRm,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:     "cleanup/current",
		Text:   "Removing the current builder makes the default builder current again",
		Source: docsRm,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "cleanup/images",
		Text:   "An image that a builder loaded into the engine survives the builder and still runs",
		Source: docsRm,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:      "cleanup/container-gone",
		Text:    "When the container was removed behind the back of buildx, `rm` removes the record and leaves the state volume on the disk",
		Source:  "https://github.com/docker/buildx/issues/4067",
		Needs:   []claim.Need{claim.ContainerDriver},
		History: "True up to buildx v0.38.2 at least: rm looks for the volume among the mounts of a container that is no longer there",
	},
	{
		ID:     "cleanup/stop",
		Text:   "`stop` stops the container and keeps it, its state volume and the record",
		Source: docsStop,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:     "cleanup/all-inactive",
		Text:   "`rm --all-inactive` removes the builders that do not run and spares those that do",
		Source: docsRm,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:     "cleanup/default",
		Text:   "The default builder cannot be removed",
		Source: docsRm,
		Needs:  []claim.Need{claim.DockerDriver},
	},
}
