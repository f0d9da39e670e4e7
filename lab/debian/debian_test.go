package debian

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseRelease(t *testing.T) {
	r := parseRelease("PRETTY_NAME=\"Ubuntu 24.04 LTS\"\nID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n")
	if r.ID != "ubuntu" || r.Codename != "noble" || !r.IsDebian() {
		t.Errorf("parsed %+v", r)
	}
	if parseRelease("ID=fedora\n").IsDebian() {
		t.Error("fedora counts as Debian")
	}
}

func TestFilterLines(t *testing.T) {
	text := `# comment
deb http://one.example/debian bookworm main contrib
deb [signed-by=/k.gpg arch=amd64] http://one.example/debian bookworm-updates main
deb-src http://one.example/debian bookworm main
deb http://other.example/apt cloud-bookworm main
deb http://other.example/debian trixie main
deb cdrom:[Debian]/ bookworm main
`
	want := `deb http://one.example/debian bookworm main contrib
deb [signed-by=/k.gpg arch=amd64] http://one.example/debian bookworm-updates main
`
	if got := filterLines(text, "bookworm"); got != want {
		t.Errorf("kept\n%swant\n%s", got, want)
	}
}

func TestFilterStanzas(t *testing.T) {
	text := `Types: deb deb-src
# a comment
URIs: http://one.example/debian
Suites: bookworm bookworm-updates experimental
Components: main
Architectures: amd64
Signed-By:
 -----BEGIN-----
 .
 abc

Types: deb-src
URIs: http://one.example/debian
Suites: bookworm

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm

Types: deb
URIs: http://other.example/
Suites: nodistro
`
	want := `Types: deb
URIs: http://one.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By:
 -----BEGIN-----
 .
 abc

`
	if got := filterStanzas(text, "bookworm"); got != want {
		t.Errorf("kept\n%swant\n%s", got, want)
	}
}

func TestHostSourcesFallBackToAll(t *testing.T) {
	etc := t.TempDir()
	write(t, filepath.Join(etc, "sources.list"), "deb http://one.example/debian stable main\n")
	lines, stanzas, err := hostSources(etc, "bookworm")
	if err != nil || !strings.Contains(lines, "stable") || stanzas != "" {
		t.Errorf("sources %q %q, %v", lines, stanzas, err)
	}
	write(t, filepath.Join(etc, "sources.list.d", "x.sources"), "Types: deb\nURIs: http://two.example\nSuites: bookworm\n")
	lines, stanzas, err = hostSources(etc, "bookworm")
	if err != nil || lines != "" || !strings.Contains(stanzas, "two.example") {
		t.Errorf("sources %q %q, %v", lines, stanzas, err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestParsePlan(t *testing.T) {
	text := `Reading package lists...
Inst gcc-12-base (12.2.0-14+deb12u1 Debian:12.15/oldstable [arm64])
Inst zlib1g (1:1.2.13.dfsg-1 Debian:12.15/oldstable [arm64]) []
Conf gcc-12-base (12.2.0-14+deb12u1 Debian:12.15/oldstable [arm64])
`
	got := strings.Join(parsePlan(text), " ")
	if want := "gcc-12-base=12.2.0-14+deb12u1 zlib1g=1:1.2.13.dfsg-1"; got != want {
		t.Errorf("plan %q, want %q", got, want)
	}
}

func TestParseURIs(t *testing.T) {
	text := "'http://one.example/pool/t/tini/tini_0.19.0-1_amd64.deb' tini_0.19.0-1_amd64.deb 255744 SHA256:abc\nW: something\n"
	got := parseURIs(text)
	if len(got) != 1 || got[0] != "tini_0.19.0-1_amd64.deb" {
		t.Errorf("names %q", got)
	}
}

func TestNetworkSettings(t *testing.T) {
	dump := "APT::Architecture \"amd64\";\nAcquire::http::Proxy \"http://p.example:3128\";\nAcquire::https::Verify-Peer \"true\";\nAcquire::http::Timeout \"3\";\nAPT::Update::Post-Invoke:: \"rm -f x\";\n"
	want := "Acquire::http::Proxy \"http://p.example:3128\";\nAcquire::https::Verify-Peer \"true\";\n"
	if got := networkSettings(dump); got != want {
		t.Errorf("kept %q, want %q", got, want)
	}
}

// entry is a file of a package in the tests below.
type entry struct {
	name, link, text string
	kind             byte
}

func packed(t *testing.T, entries ...entry) io.Reader {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		h := tar.Header{Typeflag: e.kind, Name: e.name, Linkname: e.link, Mode: 0o755, Size: int64(len(e.text))}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &out
}

func TestTreeMergesPackages(t *testing.T) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	tree := NewTree(w)
	first := packed(t,
		entry{name: "./", kind: tar.TypeDir},
		entry{name: "./bin/", kind: tar.TypeDir},
		entry{name: "./bin/tool", kind: tar.TypeReg, text: "tool"},
		entry{name: "./bin/alias", kind: tar.TypeLink, link: "./bin/tool"},
		entry{name: "./usr/", kind: tar.TypeDir},
		entry{name: "./usr/share/man/man1/tool.1", kind: tar.TypeReg, text: "manual"},
		entry{name: "./usr/share/doc/tool/README", kind: tar.TypeReg, text: "read"},
		entry{name: "./usr/share/doc/tool/copyright", kind: tar.TypeReg, text: "free"},
		entry{name: "./usr/bin/mawk", kind: tar.TypeReg, text: "awk"},
	)
	second := packed(t,
		entry{name: "./usr/", kind: tar.TypeDir},
		entry{name: "./usr/lib/", kind: tar.TypeDir},
		entry{name: "./lib/", kind: tar.TypeDir},
		entry{name: "./lib/thing", kind: tar.TypeReg, text: "thing"},
		entry{name: "./usr/share/base-passwd/passwd.master", kind: tar.TypeReg, text: "root:*:0:0:root:/root:/bin/bash\n"},
		entry{name: "./usr/share/base-passwd/group.master", kind: tar.TypeReg, text: "root:*:0:\n"},
		entry{name: "./usr/share/ca-certificates/m/b.crt", kind: tar.TypeReg, text: "B\n"},
		entry{name: "./usr/share/ca-certificates/m/a.crt", kind: tar.TypeReg, text: "A\n\n"},
	)
	for _, one := range []io.Reader{first, second} {
		if _, err := tree.copy(one); err != nil {
			t.Fatal(err)
		}
	}
	if err := tree.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got := listing(t, &out)
	for name, want := range map[string]string{
		"bin":                               "-> usr/bin",
		"usr/bin/tool":                      "tool",
		"usr/lib":                           "",
		"usr/lib/thing":                     "thing",
		"usr/bin/alias":                     "-> usr/bin/tool",
		"usr/bin/awk":                       "-> mawk",
		"usr/share/doc/tool/copyright":      "free",
		"etc/passwd":                        "root:x:0:0:root:/root:/bin/bash\n",
		"etc/shadow":                        "root:*:19000:0:99999:7:::\n",
		"etc/ssl/certs/ca-certificates.crt": "A\nB\n",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	for _, name := range []string{"bin/tool", "usr/share/doc/tool/README", "usr/share/man/man1/tool.1"} {
		if _, ok := got[name]; ok {
			t.Errorf("%s is in the layer", name)
		}
	}
}

// listing reads a layer as path → content or "-> target", and fails if a path
// occurs twice.
func listing(t *testing.T, layer io.Reader) map[string]string {
	t.Helper()
	all := map[string]string{}
	r := tar.NewReader(layer)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(h.Name, "/")
		if _, twice := all[name]; twice {
			t.Errorf("%s occurs twice", name)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
		if h.Linkname != "" {
			all[name] = "-> " + h.Linkname
		}
	}
}

func TestFirstComplaint(t *testing.T) {
	said := "W: careful\nE: Failed to fetch http://one.example/x  Unable to connect\nE: Some index files failed to download.\n"
	if got, want := firstComplaint(said), "Failed to fetch http://one.example/x  Unable to connect"; got != want {
		t.Errorf("complaint %q, want %q", got, want)
	}
	if got := firstComplaint("one\ntwo\n"); got != "two" {
		t.Errorf("complaint %q, want the last line", got)
	}
}
