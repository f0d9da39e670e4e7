//go:build integration

package builders

import (
	"builders.test/helpers/cache"
	"builders.test/helpers/claim"
	"builders.test/internal/versions"
)

// Shared by several chapters.

// The platforms that multi-platform claims use, and what these need.
var (
	architectures     = []string{"amd64", "arm64"}
	bothPlatforms     = []string{"linux/amd64", "linux/arm64"}
	bothArchitectures = []claim.Need{claim.AMD64, claim.ARM64}
)

// oldBuildKit predates the features of some claims, no matter what is under test.
const oldBuildKit = "moby/buildkit:" + versions.OldBuildKit

var (
	// probe distinguishes a hit from a miss: one of its steps draws a random value.
	probe = cache.Probe{Context: "fixtures/caching", File: "id", Step: "RUN echo"}
	// stock fills a cache with layers, a cache mount and a local source, four
	// megabytes each.
	stock = cache.Stock{Context: "fixtures/disk"}
)
