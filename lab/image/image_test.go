package image

import (
	"archive/tar"
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func maker(t *testing.T) *Maker {
	t.Helper()
	return &Maker{Dir: t.TempDir(), Temp: t.TempDir(), HostArch: "amd64", Date: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}
}

// hub starts a registry in this process and returns its host:port.
func hub(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func recipe(text string) Recipe {
	return Recipe{
		Refs: []string{"library/thing:one", "library/thing:two"}, Origin: "a text", Archs: both,
		Layers: []Layer{Files{"etc/text": {Text: text, Mode: 0o644}}},
		Cmd:    []string{"cat"}, Volumes: []string{"/data"}, Labels: map[string]string{"more": "yes"},
	}
}

func TestEnsurePushesOnceAndRepairsNames(t *testing.T) {
	m, host, r := maker(t), hub(t), recipe("hello")
	if got := m.Look(t.Context(), host, r); got != Missing {
		t.Errorf("at first %s", got)
	}
	first, err := m.Ensure(t.Context(), host, r)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Look(t.Context(), host, r); got != Served {
		t.Errorf("after pushing %s", got)
	}

	other := recipe("other")
	other.Refs = []string{"library/thing:two"}
	if _, err := m.Ensure(t.Context(), host, other); err != nil {
		t.Fatal(err)
	}
	if got := m.Look(t.Context(), host, r); got != Moved {
		t.Errorf("after moving a name %s", got)
	}
	again, err := m.Ensure(t.Context(), host, r)
	if err != nil || again != first {
		t.Errorf("repaired to %s, %v, want %s", again, err, first)
	}
	if got := m.Look(t.Context(), host, r); got != Served {
		t.Errorf("after repairing %s", got)
	}
	if got := m.Look(t.Context(), hub(t), r); got != Missing {
		t.Errorf("in another registry %s", got)
	}
}

func TestImageSaysWhatItIs(t *testing.T) {
	m, host, r := maker(t), hub(t), recipe("hello")
	if _, err := m.Ensure(t.Context(), host, r); err != nil {
		t.Fatal(err)
	}
	tag, err := name.NewTag(host+"/library/thing:one", name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := remote.Image(tag, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "arm64"}))
	if err != nil {
		t.Fatal(err)
	}
	config, err := pulled.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Architecture != "arm64" || config.Config.Labels[OriginLabel] != "built by the lab from a text" || config.Config.Labels["more"] != "yes" {
		t.Errorf("config %+v", config)
	}
	if _, ok := config.Config.Volumes["/data"]; !ok || !config.Created.Equal(m.Date) {
		t.Errorf("volumes %v, created %s", config.Config.Volumes, config.Created)
	}
}

func TestSameInputsGiveTheSameDigest(t *testing.T) {
	a, err := maker(t).Ensure(t.Context(), hub(t), recipe("x"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := maker(t).Ensure(t.Context(), hub(t), recipe("x"))
	if err != nil || a != b {
		t.Errorf("digests %s and %s, %v", a, b, err)
	}
}

func TestKey(t *testing.T) {
	r := recipe("x")
	named := recipe("x")
	named.Refs = []string{"library/else:one"}
	if r.Key() != named.Key() {
		t.Error("the name changes the key")
	}
	for what, other := range map[string]Recipe{"content": recipe("y"), "command": func() Recipe { r := recipe("x"); r.Cmd = nil; return r }()} {
		if r.Key() == other.Key() {
			t.Errorf("%s does not change the key", what)
		}
	}
}

func TestFiles(t *testing.T) {
	source := filepath.Join(t.TempDir(), "tool-v1", "tool")
	if err := os.MkdirAll(filepath.Dir(source), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(source, []byte("program"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := Files{
		"usr/bin/tool": {From: source}, "usr/bin/alias": {Link: "tool"},
		"tmp": {Mode: 0o1777}, "etc/conf": {Text: "a=b", Mode: 0o644},
	}
	var out bytes.Buffer
	if err := files.Write(t.Context(), nil, "amd64", &out); err != nil {
		t.Fatal(err)
	}
	var got []string
	for r := tar.NewReader(&out); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.TrimSpace(strings.Join([]string{h.FileInfo().Mode().String(), h.Name, h.Linkname}, " ")))
	}
	want := []string{
		"drwxr-xr-x etc/", "-rw-r--r-- etc/conf", "dtrwxrwxrwx tmp/",
		"drwxr-xr-x usr/", "drwxr-xr-x usr/bin/", "Lrwxr-xr-x usr/bin/alias tool", "-rwxr-xr-x usr/bin/tool",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("layer\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if id := files.Identity(); !strings.Contains(id, `"tool-v1/tool"`) || strings.Contains(id, filepath.Dir(filepath.Dir(source))) {
		t.Errorf("identity %s", id)
	}
}
