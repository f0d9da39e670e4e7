//go:build integration

package toy

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// claims are listed, and nothing is proven, if BUILDERS_LIST names a file.
var (
	listed []map[string]string
	list   = os.Getenv("BUILDERS_LIST")
)

func TestMain(m *testing.M) {
	if list != "" {
		m.Run()
		text, _ := json.Marshal(map[string]any{"Claims": listed})
		os.WriteFile(list, text, 0o644)
		return
	}
	switch os.Getenv("TOY") {
	case "main":
		fmt.Fprintln(os.Stderr, "builders: no Docker Engine answers at unix:///var/run/docker.sock; start Docker")
		os.Exit(2)
	}
	subject := map[string]any{
		"buildkit": map[string]string{"version": "v0.11.5", "image": "moby/buildkit:v0.11.5", "digest": "sha256:0123", "runc": "1.1.5"},
		"buildx":   map[string]string{"version": "v0.38.2"},
		"engine":   map[string]string{"version": "29.0.0", "store": "containerd"},
		"driver":   "docker-container",
		"host":     map[string]string{"kernel": "6.1.0", "arch": "amd64", "emulation": "qemu-aarch64-static"},
	}
	text, _ := json.Marshal(subject)
	if out := os.Getenv("OUT"); out != "" {
		os.WriteFile(filepath.Join(out, "subject.json"), text, 0o644)
	}
	code := m.Run()
	if os.Getenv("TOY") == "leak" {
		fmt.Fprintln(os.Stderr, "builders: 1 container was left behind")
		code = 2
	}
	os.Exit(code)
}

func prove(t *testing.T, id, text string, body func(*testing.T)) {
	chapter := filepath.Dir(id)
	if list != "" {
		listed = append(listed, map[string]string{"ID": id, "Text": text, "Test": t.Name() + "/" + filepath.Base(id)})
		return
	}
	t.Run(filepath.Base(id), func(t *testing.T) {
		t.Parallel()
		t.Cleanup(func() {
			verdict, reason := "holds", ""
			switch {
			case t.Skipped():
				verdict, reason = "not-applicable", "needs buildkit>= 0.13: buildkit under test is v0.11.5"
			case t.Failed() && os.Getenv("TOY") == "hostile":
				verdict, reason = "broken", "build said \x1b[31mred\x1b[0m \x1b]0;title\x07 \xff\xfe end"
			case t.Failed():
				verdict, reason = "broken", "the third builder must miss: Should be false"
			}
			t.Attr("verdict", verdict)
			if reason != "" {
				t.Attr("reason", reason)
			}
			t.Attr("evidence", "evidence/"+id)
			t.Attr("repro", "make check BUILDKIT=v0.11.5 RUN="+id)
			if filepath.Base(id) == "prints" {
				t.Attr("stand-ins", "debian:bookworm-slim,ubuntu:20.04")
			}
		})
		t.Attr("claim", id)
		t.Attr("chapter", chapter)
		t.Attr("buildkit", "moby/buildkit:v0.11.5")
		body(t)
	})
}
