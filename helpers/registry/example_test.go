package registry_test

import (
	"net/http"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/registry"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// A registry is empty when it starts, and gone when the claim ends.
func ExampleStart() { //nolint:testableexamples // It needs an engine.
	_ = func(t *suite.T) {
		ref := registry.Start(t, registry.Strict).Ref("app:1")
		r := build.Run(t, builder.Shared(t), "fixtures/app", build.Push(ref), build.WithMetadata(t))
		require.Equal(t, registry.MustDigest(t, ref), r.Metadata(t).Digest)
	}
}

// A proxy in front of the registry may refuse what clients ask.
func ExampleRegistry_WithProxy() { //nolint:testableexamples // It needs an engine.
	_ = func(t *suite.T) {
		readOnly := func(behind http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet && r.Method != http.MethodHead {
					registry.Refuse(w)
					return
				}
				behind.ServeHTTP(w, r)
			})
		}
		ref := registry.Start(t, registry.Strict).WithProxy(t, readOnly).Ref("app:1")
		build.Try(t, builder.Shared(t), "fixtures/app", build.Push(ref)).
			MustFail(t, "the registry refused the push, and the build succeeded")
	}
}
