package builder_test

import (
	"builders.test/helpers/builder"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// A builder is gone when the claim ends, whatever the verdict.
func ExampleNew() { //nolint:testableexamples // It needs an engine.
	_ = func(t *suite.T) {
		b := builder.New(t, builder.Network("host"), builder.Bootstrapped())
		require.Equal(t, t.Env.Engine.Machine(), b.Exec(t, "/bin/arch"))
		require.Equal(t, "running", b.Inspect(t)[0].Status)
	}
}

// Specs that do not change a builder share one, which is created once per run.
func ExampleShared() { //nolint:testableexamples // It needs an engine.
	_ = func(t *suite.T) {
		b := builder.Shared(t)
		require.Equal(t, t.BuildKit, b.DaemonVersion(t))
	}
}

// One builder for two platforms, each with its own node.
func ExampleSharedWithNodes() { //nolint:testableexamples // It needs an engine.
	_ = func(t *suite.T) {
		b := builder.SharedWithNodes(t, "linux/amd64", "linux/arm64")
		require.Len(t, b.Inspect(t), 2)
	}
}
