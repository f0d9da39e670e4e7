//go:build integration

package builders

import "builders.test/helpers/claim"

// The platforms that claims about several are proven with, and what these need.
var (
	architectures     = []string{"amd64", "arm64"}
	bothPlatforms     = []string{"linux/amd64", "linux/arm64"}
	bothArchitectures = []claim.Need{claim.AMD64, claim.ARM64}
)

// oldBuildKit is older than what some claims are about, whatever is under test.
const oldBuildKit = "moby/buildkit:v0.11.5"
