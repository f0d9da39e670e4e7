//go:build integration

package builders

import "testing"

// Chapter: why BuildKit.
func TestBuildkit(t *testing.T) {
	prove(t, "buildkit/gc-by-itself", theCacheIsPrunedByItself)
	prove(t, "buildkit/gc-mounts-first", mountsAndSourcesGoBeforeLayers)
	prove(t, "buildkit/gc-least-used", theLeastUsedGoesFirst)
	prove(t, "buildkit/gc-recent", whatWasUsedRecentlyStays)
	prove(t, "buildkit/gc-reserved-space", theReservedSpaceStays)
	prove(t, "buildkit/gc-own-policy", theFirstRuleIsForTheReproducible)
	prove(t, "buildkit/gc-after-build", prunedAfterABuild)
}
