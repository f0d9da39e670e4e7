package relay

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

func TestFind(t *testing.T) {
	for request, want := range map[string]string{
		"POST /v1.51/containers/create":                "containers/create",
		"POST /containers/create":                      "containers/create",
		"POST /v1.51/images/example.com/a/b/tag":       "example.com/a/b",
		"DELETE /v1.51/images/example.com/a/b:1":       "example.com/a/b:1",
		"POST /v1.51/containers/web/stop":              "web",
		"PUT /v1.51/containers/web/archive":            "web",
		"DELETE /v1.51/volumes/data":                   "data",
		"POST /v1.51/images/prune":                     "images",
		"GET /v1.51/containers/json":                   "",
		"POST /v1.51/containers/web/attach":            "",
		"POST /v1.51/images/example.com/a/b/push":      "example.com/a/b",
		"GET /v1.51/images/example.com/a/b/json":       "",
		"POST /v1.51/containers/web/wait":              "",
		"POST /v1.51/grpc":                             "",
		"HEAD /_ping":                                  "",
		"POST /v1.51/networks/n/connect":               "",
		"POST /v1.51/exec/0123456789abcdef/start":      "",
		"GET /v1.51/containers/create/archive":         "",
		"DELETE /v1.51/containers/0123456789abcdef012": "0123456789abcdef012",
	} {
		method, path, _ := strings.Cut(request, " ")
		do, name := find(httptest.NewRequest(method, path, nil))
		if want == "containers/create" {
			assert.Assert(t, do != nil, request)
			continue
		}
		assert.Equal(t, do != nil, want != "", request)
		assert.Equal(t, name, want, request)
	}
}

func archive(t *testing.T, files ...string) []byte {
	t.Helper()
	var made bytes.Buffer
	w := tar.NewWriter(&made)
	for i := 0; i < len(files); i += 2 {
		assert.NilError(t, w.WriteHeader(&tar.Header{Name: files[i], Typeflag: tar.TypeReg, Size: int64(len(files[i+1]))}))
		_, err := io.WriteString(w, files[i+1])
		assert.NilError(t, err)
	}
	assert.NilError(t, w.Close())
	return made.Bytes()
}

const (
	ofDocker = `[{"Config":"c.json","RepoTags":["app:1","example.com/app:2"],"Layers":["l.tar"]}]`
	ofOCI    = `{"manifests":[{"digest":"sha256:00","annotations":{"io.containerd.image.name":"docker.io/library/app:1"}}]}`
)

func TestPassAnnouncesNamesBeforeTheyArrive(t *testing.T) {
	sent := archive(t, "blob", strings.Repeat("x", 1000), "manifest.json", ofDocker, "index.json", ofOCI, "more", "y")
	var got bytes.Buffer
	var names []string
	err := pass(bytes.NewReader(sent), &got, func(name string) error {
		if name == "app:1" {
			assert.Assert(t, !bytes.Contains(got.Bytes(), []byte("RepoTags")), "the engine has the name already")
		}
		names = append(names, name)
		return nil
	})
	assert.NilError(t, err)
	assert.DeepEqual(t, names, []string{"app:1", "example.com/app:2", "docker.io/library/app:1"})
	assert.Assert(t, bytes.Equal(got.Bytes(), sent), "the archive has changed")
}

func TestPassRefuses(t *testing.T) {
	var got bytes.Buffer
	refused := errors.New("not that one")
	err := pass(bytes.NewReader(archive(t, "manifest.json", ofDocker)), &got, func(string) error { return refused })
	assert.ErrorIs(t, err, refused)
	assert.Assert(t, !bytes.Contains(got.Bytes(), []byte("RepoTags")))
}

func TestPassCopiesWhatIsNoArchive(t *testing.T) {
	for _, sent := range []string{"", "short", strings.Repeat("no archive ", 1000), string(archive(t, "manifest.json", "{"))} {
		var got bytes.Buffer
		assert.NilError(t, pass(strings.NewReader(sent), &got, func(string) error { return errors.New("a name") }))
		assert.Equal(t, got.String(), sent)
	}
}

func TestRewriteKeepsWhatItDoesNotKnow(t *testing.T) {
	r := Relay{run: "0a1b2c3d"}
	request := httptest.NewRequest(http.MethodPost, "/volumes/create", strings.NewReader(`{"Name":"v","Size":12345678901234567890,"Labels":{"a":"b"}}`))
	assert.NilError(t, rewrite(request, func(content document) error {
		r.label(content)
		return nil
	}))
	body, err := io.ReadAll(request.Body)
	assert.NilError(t, err)
	assert.Equal(t, string(body), `{"Labels":{"a":"b","builders.run":"0a1b2c3d"},"Name":"v","Size":12345678901234567890}`)
	assert.Equal(t, request.ContentLength, int64(len(body)))

	for _, odd := range []string{"", "null", "[]", "{"} {
		request = httptest.NewRequest(http.MethodPost, "/volumes/create", strings.NewReader(odd))
		assert.NilError(t, rewrite(request, func(document) error { return errors.New("called") }))
		body, err = io.ReadAll(request.Body)
		assert.NilError(t, err)
		assert.Equal(t, string(body), odd)
	}
}

func TestJoined(t *testing.T) {
	assert.Equal(t, joined("app", "1"), "app:1")
	assert.Equal(t, joined("app", ""), "app")
	assert.Equal(t, joined("app", "sha256:00"), "app@sha256:00")
	assert.Equal(t, joined("", "1"), "")
}

func FuzzPass(f *testing.F) {
	f.Add([]byte("manifest.json"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		var got bytes.Buffer
		assert.NilError(t, pass(bytes.NewReader(sent), &got, func(string) error { return nil }))
		assert.Assert(t, bytes.Equal(got.Bytes(), sent))
	})
}
