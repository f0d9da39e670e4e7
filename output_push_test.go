//go:build integration

package builders

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/engine"
	"builders.test/helpers/registry"
	"builders.test/helpers/suite"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/require"
)

// The claims of TestOutput about pushes that fail: a tag that existed before must not
// move.

func outputPush(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:     "output/failed-push",
		Text:   "A push that the registry refuses halfway fails the build and does not move the tag",
		Source: docsBuild,
		Needs:  []claim.Need{claim.LocalEngine},
	}, func(t *suite.T) {
		requireTagKept(t, sendsBlob)
	})

	suite.Prove(t, claim.Claim{
		ID:      "output/failed-push-reason",
		Text:    "A build whose push the registry refuses reports the registry's reason",
		Source:  docsBuild,
		Needs:   []claim.Need{claim.LocalEngine, claim.BuildKit(">=0.22")},
		History: "BuildKit before v0.22 reports only the status, such as 403 Forbidden",
	}, func(t *suite.T) {
		once := &onlyFirst{kind: sendsBlob}
		ref := registry.Start(t, registry.Strict).WithProxy(t, once.middleware).Ref("output:refused")
		failed := pushing(t, ref, "")
		require.True(t, once.refused(), "nothing was refused, so this proves nothing: %s", failed.FailureMessage())
		require.Contains(t, failed.Stderr(), registry.Refusal, "the build does not report the registry's reason")
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/failed-push-platforms",
		Text:   "When the registry refuses the second of two platforms, the tag does not move",
		Source: docsPlatforms,
		Needs:  []claim.Need{claim.OwnBuildKit, claim.LocalEngine},
	}, func(t *suite.T) {
		ref := requireTagKept(t, sendsManifest, build.Platform(bothPlatforms...))
		require.ElementsMatch(t, bothPlatforms, registry.Platforms(t, ref), "the pushed platforms are not the two expected ones, so this proves nothing")
	})

	suite.Prove(t, claim.Claim{
		ID:      "output/failed-push-nodes",
		Text:    "When one of a builder's two nodes fails after the other one has pushed, the tag does not move",
		Source:  partialPush,
		Needs:   []claim.Need{claim.ContainerDriver, claim.LocalEngine},
		History: "buildx v0.37.0 moves the tag to the one platform that was pushed; fixed in v0.37.1",
		Known:   &claim.Known{Component: "buildx", Range: "=0.37.0", Broken: "v0.37.0", Fixed: []string{"v0.37.1"}},
	}, func(t *suite.T) {
		b := builder.SharedWithNodes(t, bothPlatforms...)
		both := build.Platform(bothPlatforms...)
		shelf := registry.Start(t, registry.Strict)
		ref := shelf.Ref("output:nodes")
		build.Run(t, b, "fixtures/push", printing(t, ""), both, build.NoProvenance(), build.Push(ref))
		before := registry.MustDigest(t, ref)
		require.ElementsMatch(t, bothPlatforms, registry.Platforms(t, ref), "two nodes that both succeed do not push both platforms")

		// There is one manifest per node: the node that succeeds has pushed when its manifest
		// arrives.
		for _, failing := range architectures {
			proxied := shelf.WithProxy(t, afterAPush)
			r := build.Try(t, b, "fixtures/push", both, build.NoProvenance(), build.Push(proxied.Ref("output:nodes")),
				printing(t, failing), build.Arg("FAILS", failing), build.Arg("GATE", "http://"+proxied.Host+"/gate"))

			r.MustFailAt(t, "$FAILS", "the node for %s failed, but the build succeeded", failing)
			require.Equal(t, before, registry.MustDigest(t, ref), "the node for %s failed, but the other one moved the tag", failing)
		}
	})
}

// These are the requests of a push, as in the distribution specification.
func sendsBlob(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/blobs/uploads")
}

func sendsManifest(r *http.Request) bool {
	return r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/")
}

// onlyFirst lets the first request of a kind pass and refuses the others.
type onlyFirst struct {
	kind func(*http.Request) bool
	seen atomic.Int64
}

func (l *onlyFirst) middleware(shelf http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.kind(r) && l.seen.Add(1) > 1 {
			registry.Refuse(w)
			return
		}
		shelf.ServeHTTP(w, r)
	})
}

// refused reports whether there was a request to refuse.
func (l *onlyFirst) refused() bool { return l.seen.Load() > 1 }

// pushing builds the fixture and pushes it.
func pushing(t *suite.T, ref, word string, options ...build.Option) *build.Result {
	// The default builder keeps what it pushes in the engine as well.
	engine.RemoveTracesAfter(t, ownLabel(t))
	return build.Try(t, builder.Shared(t), "fixtures/push", append(options, printing(t, word), build.Push(ref))...)
}

// requireTagKept pushes a build to a registry that refuses part of it, and then
// again without the refusal: only then may the tag move from the image that it names.
func requireTagKept(t *suite.T, kind func(*http.Request) bool, options ...build.Option) (ref string) {
	shelf, once := registry.Start(t, registry.Strict), &onlyFirst{kind: kind}
	ref = shelf.Ref("output:kept")

	before := putEmptyImage(t, ref)

	failed := pushing(t, shelf.WithProxy(t, once.middleware).Ref("output:kept"), "", options...)
	require.True(t, once.refused(), "nothing was refused, so this proves nothing: %s", failed.FailureMessage())
	failed.MustFail(t, "the registry refused the push, but the build succeeded")
	require.Equal(t, before, registry.MustDigest(t, ref), "the push failed but moved the tag")

	again := pushing(t, ref, "", options...)
	require.Zero(t, again.Command.ExitCode, "a push that is not refused fails: %s", again.FailureMessage())
	require.NotEqual(t, before, registry.MustDigest(t, ref), "a successful push does not move the tag either, so this proves nothing")
	return ref
}

// putEmptyImage puts an image without layers under a tag and returns its digest.
func putEmptyImage(t *suite.T, ref string) string {
	tag, err := name.NewTag(ref)
	t.EnvironmentOK(err, "parse %s", ref)
	t.EnvironmentOK(remote.Write(tag, empty.Image, remote.WithContext(t.Context())), "put an image into the registry")
	return registry.MustDigest(t, ref)
}

// afterAPush answers a request for /gate once a manifest has arrived.
func afterAPush(shelf http.Handler) http.Handler {
	arrived := make(chan struct{})
	open := sync.OnceFunc(func() { close(arrived) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gate" {
			select {
			case <-arrived:
			case <-r.Context().Done():
			}
			return
		}
		shelf.ServeHTTP(w, r)
		if sendsManifest(r) {
			open()
		}
	})
}
