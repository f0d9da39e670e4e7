//go:build integration

package builders

import (
	"os"
	"testing"

	"builders.test/helpers/suite"
)

// TestSpecs proves the user's own claims: each script in the SPECS folder is one
// claim about their builds.
func TestSpecs(t *testing.T) {
	folder := os.Getenv("SPECS")
	if folder == "" {
		t.Skip("SPECS is not set: it names a folder with scripts")
	}
	suite.Scripts(t, folder)
}

// Chapter: faults of past releases. Each script is red on the releases that its
// header lists as known and green on all others. It says little about how builders
// behave, and much about a release that you are about to adopt.
func TestRegressions(t *testing.T) {
	if os.Getenv("REGRESSIONS") == "" && !suite.Listing() {
		t.Skip("set REGRESSIONS=1 to test the faults of past releases, too")
	}
	suite.Scripts(t, "fixtures/regressions")
}
