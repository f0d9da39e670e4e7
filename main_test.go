//go:build integration

// Package builders holds the specs: one file per chapter, in which each claim
// stands with its proof.
package builders

import (
	"testing"

	"builders.test/helpers/evidence"
	"builders.test/helpers/suite"
)

func TestMain(m *testing.M) { suite.Main(m, suite.WithRepro(makeCheck)) }

// makeCheck is the line to paste that proves one claim again.
func makeCheck(a suite.Again) string {
	return evidence.Make("check", "BUILDKIT="+a.BuildKit, "RUN="+a.Claim, "BUILDX="+a.Buildx, "SPECS="+a.Specs, "DRIVER="+a.Driver, "STORE="+a.Store)
}
