package gobuild

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestNear(t *testing.T) {
	versions := []string{"v0.12.5", "v0.13.0", "v0.13.1-rc1", "v0.14.1", "v0.20.2", "v0.34.2"}
	for version, want := range map[string]string{
		"v0.13.9": "v0.12.5 v0.13.0 v0.14.1 v0.34.2",
		"v9.9.9":  "v0.20.2 v0.34.2",
		"v0.1.0":  "v0.12.5 v0.34.2",
	} {
		if got := strings.Join(near(version, versions), " "); got != want {
			t.Errorf("near %s: %q, want %q", version, got, want)
		}
	}
}

func TestAbsentIsWhatTheProxiesAnswer(t *testing.T) {
	answering := func(status int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/example.test/!mod/@v/v9.9.9.info" {
				status = http.StatusTeapot
			}
			w.WriteHeader(status)
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	has, unknown, gone, forbidden, broken := answering(200), answering(404), answering(410), answering(403), answering(503)
	for name, test := range map[string]struct {
		proxies, direct string
		want            bool
	}{
		"no such version":          {unknown, "", true},
		"gone":                     {gone + ",direct", "", true},
		"not for us":               {forbidden + ",off", "", true},
		"the second has it":        {unknown + "," + has, "", false},
		"the second lacks it, too": {unknown + "|" + gone, "", true},
		"it has it":                {has + "/", "", false},
		"out of order":             {broken, "", false},
		"no answer":                {closed.URL, "", false},
		"none":                     {"direct", "", false},
		"not asked for this":       {unknown, "example.test", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GOPROXY", test.proxies)
			t.Setenv("GONOPROXY", test.direct)
			if got := absent(t.Context(), "example.test/Mod", "v9.9.9"); got != test.want {
				t.Errorf("absent %v, want %v", got, test.want)
			}
		})
	}
}

// If the folders of programs changed, a lab would compile all of them again.
func TestProgramFoldersStay(t *testing.T) {
	for want, p := range map[string]Program{
		"buildkit-v0.11.5-46b67a04":            BuildKit("v0.11.5"),
		"runc-v1.1.4-4828d076":                 Runc("v1.1.4"),
		"dive-v0.12.0-e3db63d6":                Dive("v0.12.0"),
		"dockerfile-frontend-v0.10.6-dd5bf1ac": Frontend("v0.10.6"),
		"buildx-v0.38.2-1a5171d2":              Buildx("v0.38.2"),
	} {
		if got := p.folder(); got != want {
			t.Errorf("folder %s, want %s", got, want)
		}
	}
}

func TestProgramFolderFollowsWhatIsBuilt(t *testing.T) {
	p := BuildKit("v0.11.5")
	if p.folder() != BuildKit("v0.11.5").folder() {
		t.Error("the same program has two folders")
	}
	if other := BuildKit("v0.11.5"); true {
		other.Tags += " more"
		if other.folder() == p.folder() {
			t.Error("other tags, the same folder")
		}
	}
	if other := BuildKit("v0.11.5"); true {
		other.Instead = map[string]string{"main.go": "package main"}
		if other.folder() == p.folder() {
			t.Error("other source, the same folder")
		}
	}
	if got := Runc("v1.1.4").ldflags(); got != "-s -w -X main.version=1.1.4 -extldflags -static" {
		t.Errorf("flags %q", got)
	}
}

func TestEveryProgramHasAPlaceInTheOrder(t *testing.T) {
	before := -1
	for _, p := range []Program{Registry(), Dockerd(), Containerd(), Runc("v1"), BuildKit("v1"), Buildx("v1"), Frontend("v1"), Dive("v1")} {
		if p.rank() <= before {
			t.Errorf("%s has the rank %d, after %d", p, p.rank(), before)
		}
		before = p.rank()
	}
}

func TestTheUsersCollectorStays(t *testing.T) {
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")
	if len(collector()) != 2 {
		t.Errorf("collector %v", collector())
	}
	t.Setenv("GOGC", "100")
	if len(collector()) != 0 {
		t.Errorf("collector %v", collector())
	}
}

func TestGoEnvOverridesTheUsers(t *testing.T) {
	t.Setenv("GOFLAGS", "-mod=vendor")
	t.Setenv("GOTOOLCHAIN", "local")
	t.Setenv("GOARCH", "riscv64")
	t.Setenv("GOPROXY", "https://p.example")
	env := goEnv("CGO_ENABLED=0")
	for _, want := range []string{"GOFLAGS=-buildvcs=false", "GOTOOLCHAIN=auto", "GOPROXY=https://p.example", "CGO_ENABLED=0"} {
		if !slices.Contains(env, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, v := range env {
		if strings.HasPrefix(v, "GOARCH=") || v == "GOFLAGS=-mod=vendor" {
			t.Errorf("%s is still there", v)
		}
	}
}
