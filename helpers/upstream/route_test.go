package upstream

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"builders.test/helpers/proxy"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/require"
)

// shelf returns a registry that holds one image, some/app:1.
func shelf(t *testing.T) http.Handler {
	t.Helper()
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	ref, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/some/app:1")
	require.NoError(t, err)
	image, err := random.Image(10_000, 2)
	require.NoError(t, err)
	require.NoError(t, remote.Write(ref, image))
	return handler
}

// behind returns a host that clients see through a proxy.
func behind(t *testing.T, middleware proxy.Middleware) Host {
	t.Helper()
	server := httptest.NewUnstartedServer(middleware(shelf(t)))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return Host{Name: strings.TrimPrefix(server.URL, "http://"), Plain: true}
}

func plain(service http.Handler) http.Handler { return service }

// distribution refuses manifests as registry:3 does: it cannot tell what a
// manifest without a version is, and fails.
func distribution(service http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, "/manifests/") {
			service.ServeHTTP(w, r)
			return
		}
		var manifest struct{ SchemaVersion int }
		code := http.StatusInternalServerError
		if body, err := io.ReadAll(r.Body); err == nil && json.Unmarshal(body, &manifest) == nil && manifest.SchemaVersion == 2 {
			code = http.StatusBadRequest
		}
		http.Error(w, `{"errors":[{"code":"DIGEST_INVALID"}]}`, code)
	})
}

func TestAPushIsAskedAboutWithoutHarm(t *testing.T) {
	require.NoError(t, Route{behind(t, distribution)}.Push(t.Context(), "some/app:2"))

	// The existing tag stays what it was.
	host := behind(t, plain)
	image, err := name.ParseReference(host.Name + "/some/app:1")
	require.NoError(t, err)
	before, err := remote.Head(image)
	require.NoError(t, err)
	require.NoError(t, Route{host}.Push(t.Context(), "some/app:1"))
	after, err := remote.Head(image)
	require.NoError(t, err)
	require.Equal(t, before.Digest, after.Digest)
}

func faultOf(t *testing.T, err error) *Fault {
	t.Helper()
	var fault *Fault
	require.True(t, errors.As(err, &fault), "no fault: %v", err)
	return fault
}

func TestARegistryThatDoesItsPart(t *testing.T) {
	route := Route{behind(t, plain)}
	require.NoError(t, route.Pull(t.Context(), "some/app:1", "amd64"))
	require.NoError(t, route.Push(t.Context(), "some/app:2"))
}

func TestFaults(t *testing.T) {
	for what, c := range map[string]struct {
		middleware proxy.Middleware
		want       Kind
		says       string
	}{
		"401":          {proxy.Answering(401, nil), Unauthorized, "docker login"},
		"403":          {proxy.Answering(403, nil), Forbidden, "answers 403 Forbidden"},
		"404":          {proxy.Answering(404, nil), Missing, "answers 404 Not Found"},
		"429":          {proxy.Answering(429, http.Header{"Retry-After": {"17"}}), TooMany, "Retry-After: 17"},
		"500":          {proxy.Answering(500, nil), Failed, "answers 500 Internal Server Error"},
		"503":          {proxy.Answering(503, nil), Failed, "answers 503 Service Unavailable"},
		"hangs up":     {proxy.HangingUp, BrokenOff, "hangs up"},
		"breaks off":   {proxy.BreakingOff, BrokenOff, "hangs up in the middle"},
		"never speaks": {proxy.Hanging, TimedOut, "does not answer in time"},
		"says nothing of use": {func(http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>log in to the hotel</html>") })
		}, Unreadable, "cannot be understood"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			host := behind(t, c.middleware)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			err := Route{host}.Pull(ctx, "some/app:1", "amd64")
			fault := faultOf(t, err)
			require.Equal(t, c.want, fault.Kind, err)
			require.Equal(t, host.Name, fault.Host)
			require.ErrorContains(t, err, c.says)
			if what == "404" || what == "says nothing of use" {
				return // a push of something new does not mind
			}
			pushCtx, done := context.WithTimeout(t.Context(), 3*time.Second)
			defer done()
			err = Route{host}.Push(pushCtx, "some/app:2")
			require.Equal(t, c.want, faultOf(t, err).Kind, err)
		})
	}
}

func TestUnreachableHosts(t *testing.T) {
	for host, want := range map[string]Kind{
		"127.0.0.1:1":          Unreachable,
		"registry.invalid":     NoSuchHost,
		"registry.invalid:443": NoSuchHost,
	} {
		err := Route{{Name: host}}.Pull(t.Context(), "some/app:1", "amd64")
		fault := faultOf(t, err)
		require.Equal(t, want, fault.Kind, err)
		require.Contains(t, fault.Host, host)
	}
}

func TestUntrustedCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(shelf(t))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	host := Host{Name: strings.TrimPrefix(server.URL, "https://")}

	fault := faultOf(t, Route{host}.Pull(t.Context(), "some/app:1", "amd64"))
	require.Equal(t, Untrusted, fault.Kind, fault)
	require.Contains(t, fault.Error(), "signed by an unknown authority")

	host.Roots = x509.NewCertPool()
	host.Roots.AddCert(server.Certificate())
	require.NoError(t, Route{host}.Pull(t.Context(), "some/app:1", "amd64"))
}

func TestTheNextRegistryServes(t *testing.T) {
	require.NoError(t, Route{behind(t, proxy.Answering(503, nil)), behind(t, plain)}.Pull(t.Context(), "some/app:1", "amd64"))
	err := Route{behind(t, proxy.Answering(503, nil)), {Name: "registry.invalid"}}.Pull(t.Context(), "some/app:1", "amd64")
	require.ErrorContains(t, err, "503")
	require.ErrorContains(t, err, "no such host")
}

func TestAProxyThatFails(t *testing.T) {
	w := Host{}.client()
	failing := httptest.NewServer(proxy.Answering(http.StatusBadGateway, nil)(nil))
	t.Cleanup(failing.Close)
	setProxy(t, w, failing.URL)
	_, err := (&http.Client{Transport: w}).Get("https://registry.invalid/v2/")
	require.Error(t, err)
	require.Contains(t, w.faults[0].Host, "the proxy "+strings.TrimPrefix(failing.URL, "http://"))
	require.Equal(t, Failed, w.faults[0].Kind)

	w = Host{}.client()
	setProxy(t, w, "http://127.0.0.1:1")
	_, err = (&http.Client{Transport: w}).Get("https://registry.invalid/v2/")
	require.Error(t, err)
	require.Equal(t, "the proxy 127.0.0.1:1", w.fault().Host)
	require.Equal(t, Unreachable, w.fault().Kind)
}

func TestHostOf(t *testing.T) {
	for image, want := range map[string]string{
		"busybox": Hub, "docker/dockerfile:1": Hub, "docker.io/library/busybox": Hub,
		"gcr.io/distroless/base": "gcr.io", "127.0.0.1:5000/x/y:z": "127.0.0.1:5000",
	} {
		host, err := HostOf(image)
		require.NoError(t, err)
		require.Equal(t, want, host)
	}
}
