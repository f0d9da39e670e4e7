//go:build integration

package builders

import (
	"builders.test/helpers/cache"
	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
)

// What several chapters share.

// The platforms that claims about several are proven with, and what these need.
var (
	architectures     = []string{"amd64", "arm64"}
	bothPlatforms     = []string{"linux/amd64", "linux/arm64"}
	bothArchitectures = []claim.Need{claim.AMD64, claim.ARM64}
)

// oldBuildKit is older than what some claims are about, whatever is under test.
const oldBuildKit = "moby/buildkit:" + subject.OldBuildKit

var (
	// probe tells a hit from a miss: a step of its draws a random value.
	probe = cache.Probe{Context: "fixtures/caching", File: "id", Step: "RUN echo"}
	// stock puts layers, a cache mount and a local source into a cache, four
	// megabytes each.
	stock = cache.Stock{Context: "fixtures/disk"}
)
