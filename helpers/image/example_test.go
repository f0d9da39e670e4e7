package image_test

import (
	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/image"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// A loaded image is removed when the claim ends.
func ExampleNew() { //nolint:testableexamples // It needs an engine.
	_ = func(t *suite.T) {
		ref := image.New(t, "greeter")
		build.Run(t, builder.Shared(t), "fixtures/greeter", build.Load(ref))
		require.Equal(t, "hello", image.Run(t, ref, t.Native()))
	}
}

// What an image must not hold is searched for in its layers, its configuration and
// its attestations.
func ExampleFilesContaining() { //nolint:testableexamples // It needs an engine.
	_ = func(t *suite.T) {
		ref := image.New(t, "secret")
		build.Run(t, builder.Shared(t), "fixtures/secret", build.Secret("token", "token.txt"), build.Load(ref))
		require.Empty(t, image.FilesContaining(t, ref, "the value of the secret"))
	}
}
