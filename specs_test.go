//go:build integration

package builders

import (
	"os"
	"testing"

	"builders.test/helpers/suite"
)

// TestSpecs proves claims of the user's own: every script in the folder that SPECS
// names is one about their builds.
func TestSpecs(t *testing.T) {
	folder := os.Getenv("SPECS")
	if folder == "" {
		t.Skip("SPECS names no folder with scripts")
	}
	suite.Scripts(t, folder)
}

// Chapter: faults that releases of the past had. Each script is red on the
// releases that its head calls known and green on all others, so it says
// nothing about how builders behave but much about one that is to be adopted.
func TestRegressions(t *testing.T) {
	if os.Getenv("REGRESSIONS") == "" && !suite.Listing() {
		t.Skip("REGRESSIONS=1 tests the faults of past releases, too")
	}
	suite.Scripts(t, "fixtures/regressions")
}
