//go:build integration

// Package builders holds the specs: one file per chapter, each claim next to its
// proof.
package builders

import (
	"testing"

	"builders.test/helpers/suite"
	"builders.test/internal/makefile"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.WithRepro(makeCheck), suite.WithAdvice(suite.Advice{
		Engine:  "run `make check`, which brings its own",
		Buildx:  "a release to `make check`",
		CleanUp: "`builders clean`",
		Scripts: "`builders init` writes a first one",
		BuildKit: func(buildkit string) string {
			return "in the lab, `builders lab up --buildkit " + buildkit + "` provides a release"
		},
	}))
}

// makeCheck returns the line to paste that checks one claim again.
func makeCheck(a suite.Again) string {
	return makefile.Check{BuildKit: a.BuildKit, Run: a.Claim, Buildx: a.Buildx, Specs: a.Specs, Driver: a.Driver, Store: a.Store}.Line()
}
