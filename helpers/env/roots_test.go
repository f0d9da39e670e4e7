package env

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"builders.test/helpers/upstream"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"
)

// engineWith returns an engine with a builder's container that has this file of
// authorities, or none.
func engineWith(t *testing.T, roots []byte) *Environment {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/containers/buildx_buildkit_b0/json"):
			_, _ = w.Write([]byte("{}"))
		case strings.HasSuffix(r.URL.Path, "/containers/buildx_buildkit_b0/archive") && roots != nil:
			w.Header().Set("X-Docker-Container-Path-Stat", "e30=")
			files := tar.NewWriter(w)
			_ = files.WriteHeader(&tar.Header{Name: "ca-certificates.crt", Mode: 0o644, Size: int64(len(roots))})
			_, _ = files.Write(roots)
			_ = files.Close()
		default:
			http.Error(w, `{"message":"no such thing"}`, http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	asked, err := client.NewClientWithOpts(client.WithHost("tcp://"+strings.TrimPrefix(server.URL, "http://")), client.WithVersion("1.48"))
	require.NoError(t, err)
	return &Environment{Client: asked}
}

func TestABuilderTrustsOthersThanThisMachine(t *testing.T) {
	registry := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(registry.Close)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: registry.Certificate().Raw})
	ask := func(e *Environment, builder string) string {
		route := e.trusting(t.Context(), builder, upstream.Route{{Name: strings.TrimPrefix(registry.URL, "https://")}})
		return route.Pull(t.Context(), "some/app:1", "amd64").Error()
	}
	require.Contains(t, ask(engineWith(t, authority), "b"), "404", "the authority in the builder's container does not count")
	require.Contains(t, ask(engineWith(t, nil), "b"), "does not verify", "a builder without authorities trusts a certificate")
	require.Contains(t, ask(engineWith(t, authority), "other"), "does not verify", "another builder's authorities count")
	require.Nil(t, fill(nil, bytes.NewReader(nil)))
}
