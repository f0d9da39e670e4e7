package suite_test

import (
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// secondBuildIsCached proves that a second build finds the value that the first one
// drew. The fixture's Dockerfile writes it into the file id of its result.
func secondBuildIsCached(t *suite.T) {
	b := builder.New(t) // gone when the claim ends
	first, _ := build.Export(t, b, "fixtures/drawing", "id")
	second, _ := build.Export(t, b, "fixtures/drawing", "id")
	require.Equal(t, first, second, "the second build on the same builder ran the step again")
}

// A suite is a test package with a TestMain that calls Main, and tests that call
// Prove for each claim.
func Example() { //nolint:testableexamples // It needs an engine.
	_ = func(m *testing.M) { // TestMain
		suite.Main(m)
	}
	_ = func(t *testing.T) { // TestCaching
		suite.Prove(t, claim.Claim{
			ID:     "caching/second-build",
			Text:   "The second build on the same builder is answered from its cache",
			Source: "https://docs.docker.com/build/cache/",
		}, secondBuildIsCached)
	}
}

// Options choose what the suite tests if the environment does not say, and the
// line that proves a claim again.
func ExampleMain() { //nolint:testableexamples // It needs an engine.
	_ = func(m *testing.M) { // TestMain
		suite.Main(m,
			suite.WithBuildKit("v0.34.2"),
			suite.WithRepro(func(a suite.Again) string { return "BUILDKIT=" + a.BuildKit + " ./prove " + a.Claim }),
		)
	}
}
