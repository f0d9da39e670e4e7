//go:build faults

package faults

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"builders.test/helpers/proxy"
	"builders.test/helpers/subject"
	"builders.test/helpers/upstream"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"
)

// kind is something that a registry does wrong.
type kind struct {
	name string
	// host has the fault, good has the same images without it.
	host, good string
	// says is what the reason must say besides the host.
	says []string
	// sound reports whether it does nothing wrong, passes whether it does wrong only for a
	// while.
	sound, passes bool
}

// deadline returns the deadline of a script: a registry that never answers uses it up.
func (k kind) deadline() string {
	if k.name == silence {
		return "20s"
	}
	return "90s"
}

const silence = "does not answer"

// shelf returns a registry with two of the lab's images, slightly changed: an
// engine does not fetch what it already has.
func shelf(t *testing.T) http.Handler {
	t.Helper()
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	host, mirror := serve(t, handler), access(t).Testbed.Mirror.Address
	for _, image := range []string{"library/busybox", "moby/buildkit:" + buildKit} {
		from, err := name.ParseReference(mirror+"/"+image, name.Insecure)
		require.NoError(t, err)
		to, err := name.ParseReference(host + "/" + image)
		require.NoError(t, err)
		found, err := remote.Image(from)
		require.NoError(t, err)
		extra, err := random.Layer(1<<20, types.DockerLayer)
		require.NoError(t, err)
		changed, err := mutate.AppendLayers(found, extra)
		require.NoError(t, err)
		require.NoError(t, remote.Write(to, changed))
	}
	return handler
}

// serve returns the address of a server without TLS.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := silent(handler)
	server.Start()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func silent(handler http.Handler) *httptest.Server {
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	return server
}

// untrusted returns the address of a server with a certificate that no one
// trusts. It is not on the loopback interface, where engines trust every server.
func untrusted(t *testing.T, handler http.Handler) string {
	t.Helper()
	gateway := strings.TrimSpace(docker(t, "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"))
	listener, err := net.Listen("tcp", net.JoinHostPort(gateway, "0"))
	require.NoError(t, err)
	server := silent(handler)
	require.NoError(t, server.Listener.Close())
	server.Listener = listener
	server.StartTLS()
	t.Cleanup(server.Close)
	return listener.Addr().String()
}

// untilAsked has a fault until a client other than a builder or an engine asks: a
// search for the cause then finds a registry that does its part.
func untilAsked(faulty proxy.Middleware) proxy.Middleware {
	return func(service http.Handler) http.Handler {
		var over atomic.Bool
		failing := faulty(service)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.UserAgent() == upstream.Agent {
				over.Store(true)
			}
			if !over.Load() {
				failing.ServeHTTP(w, r)
				return
			}
			service.ServeHTTP(w, r)
		})
	}
}

func kindsOfFaults(t *testing.T) []kind {
	t.Helper()
	stock := shelf(t)
	good := serve(t, stock)
	with := func(middleware proxy.Middleware) string { return serve(t, middleware(stock)) }
	// An engine does not fetch again what it has of an image; no one ever gets the
	// whole of this shelf's images.
	never := shelf(t)
	kinds := []kind{
		{name: "none", host: good, sound: true},
		{name: "no such host", host: "registry.invalid", says: []string{"no such host"}},
		{name: "connection refused", host: "127.0.0.1:1", says: []string{"refuses connections"}},
		{name: "hangs up", host: with(proxy.HangingUp), says: []string{"hangs up"}},
		{name: "breaks off in the middle", host: serve(t, proxy.BreakingOff(never)), good: serve(t, never), says: []string{"hangs up in the middle"}},
		{name: silence, host: with(proxy.Hanging), says: []string{"does not answer in time"}},
		{name: "certificate that does not verify", host: untrusted(t, stock), says: []string{"certificate that does not verify"}},
		{name: "401", host: with(proxy.Answering(401, nil)), says: []string{"docker login"}},
		{name: "403", host: with(proxy.Answering(403, nil)), says: []string{"403 Forbidden"}},
		{name: "404", host: with(proxy.Answering(404, nil)), says: []string{"404 Not Found"}},
		{name: "429", host: with(proxy.Answering(429, http.Header{"Retry-After": {"30"}})), says: []string{"429 Too Many Requests", "Retry-After: 30"}},
		{name: "500", host: with(proxy.Answering(500, nil)), says: []string{"500 Internal Server Error"}},
		{name: "503", host: with(proxy.Answering(503, nil)), says: []string{"503 Service Unavailable"}},
		{name: "429, over when it is asked", host: with(untilAsked(proxy.Answering(429, nil))), passes: true},
		{name: "hangs up, over when it is asked", host: with(untilAsked(proxy.HangingUp)), passes: true},
		{name: "breaks off, over when it is asked", host: with(untilAsked(proxy.BreakingOff)), passes: true},
	}
	for i := range kinds {
		if kinds[i].good == "" {
			kinds[i].good = good
		}
	}
	return kinds
}

// moment is when a registry is needed.
type moment struct {
	name string
	// script is what needs it, with HOST, GOOD and CELL for the registry with the
	// fault, the one without, and a name; empty if the driver has no such moment.
	script func(driver string) string
}

const dockerfile = "-- Dockerfile --\nFROM busybox\nRUN echo CELL $SALT > /made\n"

var moments = []moment{
	{"first pull", func(driver string) string {
		if driver == subject.DriverDocker {
			return "docker pull --quiet HOST/library/busybox\ndocker rmi HOST/library/busybox\n"
		}
		return "builder -image=HOST/moby/buildkit:" + buildKit + " one\n"
	}},
	{"base image", func(string) string {
		return "build --output type=cacheonly .\n-- Dockerfile --\nFROM HOST/library/busybox\nRUN echo CELL > /made\n"
	}},
	{"push", func(string) string {
		return "build --build-arg SALT=$RUN --provenance=false --push --tag HOST/pushed/$RUN:CELL .\ndocker buildx imagetools inspect GOOD/pushed/$RUN:CELL\n" +
			strings.Replace(dockerfile, "RUN", "ARG SALT\nRUN", 1)
	}},
	{"cache import", func(string) string {
		return "builder -driver=docker-container maker\n" +
			"build -on=maker --build-arg SALT=$RUN --output type=cacheonly --cache-to type=registry,ref=GOOD/cache/$RUN:CELL,mode=max .\n" +
			"builder one\n" +
			"build -on=one --build-arg SALT=$RUN --output type=cacheonly --cache-from type=registry,ref=HOST/cache/$RUN:CELL .\n" +
			"cached 'RUN echo'\n" +
			strings.Replace(dockerfile, "RUN", "ARG SALT\nRUN", 1)
	}},
}
