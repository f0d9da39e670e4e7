package sabotage

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"builders.test/helpers/testbed"
	"github.com/opencontainers/go-digest"
	"gotest.tools/v3/assert"
)

// real returns a service that reports its requests.
func real() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/library/busybox/manifests/") {
			fmt.Fprint(w, `[{"architecture":"amd64"},{"architecture":"arm64"}]`)
			return
		}
		fmt.Fprint(w, r.Method+" "+r.URL.Path)
	})
}

func ask(t *testing.T, handler http.Handler, method, path string) *http.Response {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, httptest.NewRequest(method, path, strings.NewReader("body")))
	return recorder.Result()
}

func said(t *testing.T, handler http.Handler, method, path string) string {
	t.Helper()
	body, err := io.ReadAll(ask(t, handler, method, path).Body)
	assert.NilError(t, err)
	return string(body)
}

func TestSwappingServesWhatItsDigestSays(t *testing.T) {
	handler := swapping(real())
	const want = `[{"architecture":"arm64"},{"architecture":"amd64"}]`
	assert.Equal(t, said(t, handler, "GET", "/v2/library/busybox/manifests/latest"), want)
	head := ask(t, handler, "HEAD", "/v2/library/busybox/manifests/latest")
	sum := head.Header.Get("Docker-Content-Digest")
	assert.Equal(t, sum, digest.FromString(want).String())
	assert.Equal(t, said(t, handler, "GET", "/v2/library/busybox/manifests/"+sum), want)
	assert.Equal(t, said(t, handler, "GET", "/v2/library/debian/manifests/latest"), "GET /v2/library/debian/manifests/latest")
}

func TestOthers(t *testing.T) {
	assert.Equal(t, said(t, retagging("a/b", "1", "1.7")(real()), "GET", "/v2/a/b/manifests/1"), "GET /v2/a/b/manifests/1.7")
	assert.Equal(t, said(t, retagging("a/b", "1", "1.7")(real()), "GET", "/v2/a/b/manifests/1.4"), "GET /v2/a/b/manifests/1.4")
	assert.Equal(t, said(t, forgettingLoads(real()), "POST", "/v1.50/images/load"), `{"stream":"Loaded image"}`+"\n")
	assert.Equal(t, said(t, forgettingLoads(real()), "GET", "/v1.50/images/json"), "GET /v1.50/images/json")
	assert.Equal(t, ask(t, away("/distribution/")(real()), "GET", "/v1.50/distribution/x/json").StatusCode, 503)
	assert.Equal(t, ask(t, away("/distribution/")(real()), "GET", "/v1.50/info").StatusCode, 200)
}

func TestWithoutInit(t *testing.T) {
	for body, want := range map[string]int{`{"HostConfig":{"Init":true}}`: 400, `{"HostConfig":{}}`: 200, `no JSON`: 400} {
		recorder := httptest.NewRecorder()
		withoutInit(real()).ServeHTTP(recorder, httptest.NewRequest("POST", "/v1.50/containers/create", strings.NewReader(body)))
		assert.Equal(t, recorder.Code, want, body)
	}
	assert.Equal(t, said(t, withoutInit(real()), "GET", "/v1.50/info"), "GET /v1.50/info")
}

func TestStandBeforeMirrorAndEngine(t *testing.T) {
	mirror := httptest.NewServer(real())
	defer mirror.Close()
	folder := t.TempDir()
	engine, err := net.Listen("unix", folder+"/real.sock")
	assert.NilError(t, err)
	server := &http.Server{Handler: real()}
	go func() { _ = server.Serve(engine) }()
	defer server.Close()
	through := func(next http.Handler) http.Handler { return next }
	access := testbed.Access{DockerHost: "unix://" + folder + "/real.sock", File: folder + "/real.json"}
	access.Testbed.Mirror.Address = mirror.Listener.Addr().String()

	standing, err := World{Mirror: through, Engine: through}.Stand(access, folder)
	assert.NilError(t, err)
	defer standing.Close()

	bed, err := testbed.Read(standing.Access.File)
	assert.NilError(t, err)
	assert.Assert(t, bed.Mirror.Address != access.Testbed.Mirror.Address, "nothing stands before the mirror")
	response, err := http.Get("http://" + bed.Mirror.Address + "/v2/")
	assert.NilError(t, err)
	body, _ := io.ReadAll(response.Body)
	assert.Equal(t, string(body), "GET /v2/")
	host := strings.TrimPrefix(standing.Access.DockerHost, "unix://")
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", host)
	}}}
	response, err = client.Get("http://lab/info")
	assert.NilError(t, err)
	body, _ = io.ReadAll(response.Body)
	assert.Equal(t, string(body), "GET /info")
}
