//go:build integration

// Package builders holds the specs: one file per chapter, in which each claim
// stands with its proof.
package builders

import (
	"testing"

	"builders.test/helpers/suite"
	"builders.test/internal/makefile"
)

func TestMain(m *testing.M) { suite.Main(m, suite.WithRepro(makeCheck)) }

// makeCheck is the line to paste that proves one claim again.
func makeCheck(a suite.Again) string {
	return makefile.Check{BuildKit: a.BuildKit, Run: a.Claim, Buildx: a.Buildx, Specs: a.Specs, Driver: a.Driver, Store: a.Store}.Line()
}
