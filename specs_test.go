//go:build integration

package builders

import (
	"testing"

	"builders.test/helpers/script"
	"builders.test/helpers/spec"
)

// TestSpecs proves what somebody else wrote: every script in the folder that
// SPECS names, each of which is one claim about their own builds.
func TestSpecs(t *testing.T) {
	if environment.Specs == "" {
		t.Skip("SPECS names no folder with scripts")
	}
	scripts, err := script.Folder(environment.Specs)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		spec.Prove(t, environment, s.Claim, s.Run)
	}
}
