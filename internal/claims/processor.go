package claims

import "builders.test/helpers/claim"

var bothArchitectures = []claim.Need{claim.AMD64, claim.ARM64}

var processor = []claim.Claim{
	{
		ID:     "processor/config",
		Text:   "Built on the amd64 and on the arm64 builder with `--load`, each image carries its architecture in its config",
		Source: docsPlatforms,
		Needs:  bothArchitectures,
	},
	{
		ID:     "processor/while-building",
		Text:   "RUN executes as the target platform: `uname -m` prints x86_64 on the one builder and aarch64 on the other",
		Source: docsPlatforms,
		Needs:  bothArchitectures,
	},
	{
		ID:     "processor/when-run",
		Text:   "`docker run` of each image prints the architecture that it was built for and built on",
		Source: docsPlatforms,
		Needs:  bothArchitectures,
	},
	{
		ID:     "processor/one-index",
		Text:   "One command for both platforms pushes one index, whose two images each run as themselves",
		Source: docsPlatforms,
		Needs:  append(bothArchitectures, claim.OwnBuildKit),
	},
	{
		ID:     "processor/two-nodes",
		Text:   "A builder with two nodes sends each platform to the node that claims it",
		Source: docsPlatforms,
		Needs:  append(bothArchitectures, claim.ContainerDriver),
	},
}
