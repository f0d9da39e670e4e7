//go:build integration

package builders

import (
	"os"
	"testing"

	"builders.test/helpers/script"
	"builders.test/helpers/spec"
	"builders.test/internal/claims"
)

// Chapter: faults that releases of the past had. Each script is red on the
// releases that its head calls known and green on all others, so it says
// nothing about how builders behave but much about one that is to be adopted.
func TestRegressions(t *testing.T) {
	if os.Getenv("REGRESSIONS") == "" {
		t.Skip("REGRESSIONS=1 puts the faults of past releases to the test")
	}
	scripts, err := script.Folder(claims.RegressionsFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scripts {
		spec.Prove(t, environment, s.Claim, s.Run)
	}
}
