//go:build integration

package builders

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/image"
	"builders.test/helpers/registry"
	"builders.test/helpers/spec"
	"github.com/stretchr/testify/require"
)

// This file belongs to the chapter output: pushes that fail. A tag that was
// there before must name what it named.

// Requests of a push, as the distribution specification has them.
func sendsBlob(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.Contains(r.URL.Path, "/blobs/uploads")
}

func sendsManifest(r *http.Request) bool {
	return r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/")
}

// onlyTheFirst lets one request of a kind pass and refuses the others.
func onlyTheFirst(kind func(*http.Request) bool) registry.Rule {
	var count atomic.Int64
	return func(shelf http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if kind(r) && count.Add(1) > 1 {
				registry.Refuse(w)
				return
			}
			shelf.ServeHTTP(w, r)
		})
	}
}

// requireTagKept pushes a build through a rule that breaks it, and then once
// more without the rule: the tag moves only then.
func requireTagKept(t *spec.T, rule registry.Rule, options ...build.Option) {
	t.Helper()
	b := builder.Warm(t, native(t))
	shelf := registry.Start(t, registry.Strict)
	refusing := shelf.Front(t, rule)
	ref, refused := shelf.Ref("output:kept"), refusing.Ref("output:kept")
	// The default builder keeps what it pushes in the engine as well.
	t.Cleanup(func() { image.Remove(t, ref); image.Remove(t, refused) })

	push := func(ref, salt string) *build.Result {
		t.Helper()
		all := append([]build.Option{build.Arg("SALT", t.Env.Run+t.Claim.ID+salt), build.Push(ref)}, options...)
		return build.Try(t, b, "fixtures/push", all...)
	}
	first := push(ref, "first")
	require.Zero(t, first.Command.ExitCode, "the push that nobody refuses fails: %s", first.Complaint())
	before := tagged(t, ref)

	failed := push(refused, "second")
	require.NotZero(t, failed.Command.ExitCode, "the registry refused the push, and the build succeeded all the same")
	require.Contains(t, failed.Remarks(), registry.Refusal, "the build failed for another reason than the registry's, or keeps that to itself")
	require.Equal(t, before, tagged(t, ref), "the push failed and moved the tag")

	second := push(ref, "second")
	require.Zero(t, second.Command.ExitCode, "the push that nobody refuses fails: %s", second.Complaint())
	require.NotEqual(t, before, tagged(t, ref), "a push that succeeds does not move the tag either, so this proves nothing")
}

// tagged is the digest that the registry has for a tag.
func tagged(t *spec.T, ref string) string {
	t.Helper()
	digest, ok := registry.Digest(t, ref)
	require.True(t, ok, "the registry has no %s", ref)
	return digest.String()
}

func aRefusedPushLeavesTheTag(t *spec.T) {
	requireTagKept(t, onlyTheFirst(sendsBlob))
}

func aRefusedPlatformLeavesTheTag(t *spec.T) {
	requireTagKept(t, onlyTheFirst(sendsManifest), build.Platform("linux/amd64,linux/arm64"))
}

// afterAPush answers whoever asks for /gate once a manifest has arrived.
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

func aFailedNodeLeavesTheTag(t *spec.T) {
	b := builder.New(t, builder.Platform("linux/amd64"))
	b.Append(t, cli.NewContext(t), builder.Platform("linux/arm64"))
	b.Bootstrap(t)
	both := build.Platform("linux/amd64,linux/arm64")
	shelf := registry.Start(t, registry.Strict)
	ref := shelf.Ref("output:nodes")
	build.Run(t, b, "fixtures/push", own(t), both, build.Plain(), build.Push(ref))
	before := tagged(t, ref)
	require.ElementsMatch(t, []string{"linux/amd64", "linux/arm64"}, registry.Platforms(t, ref), "two nodes that both succeed do not push both platforms")

	// One manifest per node: the one that succeeds has pushed when it arrives.
	for _, failing := range architectures {
		front := shelf.Front(t, afterAPush)
		r := build.Try(t, b, "fixtures/push", both, build.Plain(), build.Push(front.Ref("output:nodes")),
			build.Arg("SALT", t.Env.Run+failing), build.Arg("FAILS", failing), build.Arg("GATE", "http://"+front.Host+"/gate"))

		require.NotZero(t, r.Command.ExitCode, "the node for %s failed, and the build succeeded all the same", failing)
		require.Contains(t, r.Complaint(), "RUN if", "the build failed for another reason than was planned")
		require.Equal(t, before, tagged(t, ref), "the node for %s failed, and the other one moved the tag", failing)
	}
}
