package claims

import "builders.test/helpers/claim"

const docsReproducible = "https://github.com/moby/buildkit/blob/master/docs/build-repro.md"

var shape = []claim.Claim{
	{
		ID:     "shape/pushed",
		Text:   "A build for one platform pushes one image, whatever is kept beside it",
		Source: "https://docs.docker.com/build/metadata/attestations/attestation-storage/",
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "shape/reproducible",
		Text:   "With SOURCE_DATE_EPOCH a build that only copies gives the same image without any cache, digest by digest",
		Source: docsReproducible,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:      "shape/rewrite-timestamp",
		Text:    "With SOURCE_DATE_EPOCH and `rewrite-timestamp=true` a build that runs commands gives the same image without any cache, digest by digest",
		Source:  docsReproducible,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.13")},
		History: "Releases before v0.13 know no rewrite-timestamp and leave the time of the build in the layers",
	},
	{
		ID:     "shape/daemon",
		Text:   "A builder's BuildKit tells its platforms and the policy by which it cleans up, and buildx shows the same",
		Source: "https://docs.docker.com/build/cache/garbage-collection/",
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "shape/warnings",
		Text:   "What BuildKit warns about is built all the same",
		Source: "https://docs.docker.com/build/checks/",
	},
}
