package lab

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"builders.test/internal/versions"
)

func TestRelease(t *testing.T) {
	for text, want := range map[string]string{
		"v0.11.5": "v0.11.5", "0.20.2": "v0.20.2", "latest": versions.NewestBuildKit, "v0.13.0-rc1": "v0.13.0-rc1",
	} {
		if got, err := Release(text); err != nil || got != want {
			t.Errorf("Release(%q) = %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "newest", "v0.11", "v0.11.5.1", "../x"} {
		_, err := Release(text)
		var p *Problem
		if err == nil || !asProblem(err, &p) {
			t.Errorf("Release(%q): %v", text, err)
		}
	}
}

func asProblem(err error, p **Problem) bool {
	found, ok := err.(*Problem)
	*p = found
	return ok
}

func TestReleasesAlwaysHoldTwo(t *testing.T) {
	got, err := releases([]string{"latest", "0.20.2", "v0.11.5"})
	if want := []string{"v0.11.5", "v0.20.2", "v0.34.2"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("releases %q, %v, want %q", got, err, want)
	}
}

func TestRuncOfRealDockerfiles(t *testing.T) {
	for file, want := range map[string]string{
		"buildkit-v0.11.5.Dockerfile": "v1.1.4",
		"buildkit-v0.34.2.Dockerfile": "v1.5.2",
	} {
		text, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := runcOf(string(text)); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", file, got, err, want)
		}
	}
}

func TestRuncOf(t *testing.T) {
	for text, want := range map[string]string{
		"ARG RUNC_VERSION\nARG RUNC_VERSION=v1.2.3\n": "v1.2.3",
		"ARG RUNC_VERSION=\"1.0.0-rc92\"\n":           "v1.0.0-rc92",
	} {
		if got, err := runcOf(text); err != nil || got != want {
			t.Errorf("runcOf(%q) = %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "ARG RUNC_VERSION\n", "# ARG RUNC_VERSION=v1\n"} {
		if got, err := runcOf(text); err == nil {
			t.Errorf("runcOf(%q) = %q", text, got)
		}
	}
}

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

func TestUnknownVersion(t *testing.T) {
	for text, want := range map[string]bool{
		"m@v9.9.9: invalid version: unknown revision v9.9.9":    true,
		"reading https://p.example/m/@v/v9.info: 404 Not Found": true,
		"dial tcp: lookup p.example: no such host":              false,
		"Get \"https://p.example\": connection refused":         false,
	} {
		if got := unknownVersion(text); got != want {
			t.Errorf("unknownVersion(%q) = %v", text, got)
		}
	}
}

func TestProgramFolderFollowsWhatIsBuilt(t *testing.T) {
	p := buildkit("v0.11.5")
	if p.folder() != buildkit("v0.11.5").folder() {
		t.Error("the same program has two folders")
	}
	if other := buildkit("v0.11.5"); true {
		other.tags += " more"
		if other.folder() == p.folder() {
			t.Error("other tags, the same folder")
		}
	}
	if got := runc("v1.1.4").ldflags(); got != "-s -w -X main.version=1.1.4 -extldflags -static" {
		t.Errorf("flags %q", got)
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

func TestBuildKitRecipe(t *testing.T) {
	l := open(t, nil)
	r := l.buildkitRecipe(versions.NewestBuildKit, "v1.5.2")
	if want := []string{"moby/buildkit:" + versions.NewestBuildKit, "moby/buildkit:buildx-stable-1", "moby/buildkit:latest"}; !slices.Equal(r.Refs, want) {
		t.Errorf("names %q", r.Refs)
	}
	if r.Labels[RuncLabel] != "v1.5.2" || !strings.Contains(r.Origin, "runc v1.5.2") {
		t.Errorf("labels %v, origin %s", r.Labels, r.Origin)
	}
	if r.Key() == l.buildkitRecipe(versions.NewestBuildKit, "v1.5.3").Key() {
		t.Error("another runc, the same image")
	}
}

func TestDescribeSource(t *testing.T) {
	if got := describeSource(t.Context(), t.TempDir()); got != "v0.0.0+unknown" {
		t.Errorf("described as %s", got)
	}
}

func TestSourceTreeMustBeOne(t *testing.T) {
	l := open(t, nil)
	_, err := l.BuildKitFromSource(t.Context(), t.TempDir())
	var p *Problem
	if err == nil || !asProblem(err, &p) {
		t.Errorf("error %v", err)
	}
}
