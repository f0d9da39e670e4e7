package build_test

import (
	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/fixture"
	"builders.test/helpers/progress"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/fs"
)

// The result decides; the progress must not contradict it.
func ExampleExport() { //nolint:testableexamples // It needs an engine.
	_ = func(t *suite.T) {
		context := fixture.New(t, fs.WithFile("Dockerfile", `FROM busybox AS made
ARG NAME
RUN echo "hello $NAME" > /greeting
FROM scratch
COPY --from=made /greeting /
`))
		greeting, r := build.Export(t, builder.Shared(t), context, "greeting", build.Arg("NAME", "you"))
		require.Equal(t, "hello you", greeting)
		require.NotEqual(t, progress.No, r.Executed("RUN echo"))
	}
}

// A build that should fail must fail at what the claim is about.
func ExampleTry() { //nolint:testableexamples // It needs an engine.
	_ = func(t *suite.T) {
		r := build.Try(t, builder.Shared(t), "fixtures/broken", build.CacheOnly())
		r.MustFailAt(t, "exit 7", "a build succeeded although one of its steps failed")
	}
}

// A build can be looked at while it runs.
func ExampleStart() { //nolint:testableexamples // It needs an engine.
	_ = func(t *suite.T) {
		running := build.Start(t, builder.Shared(t), "fixtures/slow")
		running.Await(t, "RUN sleep")
		running.MustWait(t)
	}
}
