//go:build integration

package builders

import "testing"

// Chapter: open questions.
func TestImages(t *testing.T) {
	prove(t, "images/du", duCountsWhatTheBuilderBuilt)
	prove(t, "images/prune", pruneTakesTheBuildersOnly)
	prove(t, "images/prune-engine", theEnginesCacheIsAnother)
	prove(t, "images/prune-type", pruneByType)
	prove(t, "images/prune-id", pruneByID)
	prove(t, "images/prune-description", pruneByDescription)
	prove(t, "images/prune-until", pruneByAge)
	prove(t, "images/prune-all", pruneAllTakesFrontends)
	prove(t, "images/prune-running", pruneSparesWhatRuns)
	prove(t, "images/prune-reserved-space", pruneToALimit)
	prove(t, "images/prune-max-used-space", pruneToWhatMayBeUsed)
	prove(t, "images/prune-min-free-space", pruneForFreeDisk)
	prove(t, "images/prune-old-buildkit", anOldBuildKitIsNotAskedForNewLimits)
	prove(t, "images/prune-stopped", aStoppedBuilderIsNotPruned)
	prove(t, "images/system-prune", aPrunedContainerCostsNoCache)
}
