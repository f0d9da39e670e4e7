package catalog

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"builders.test/internal/versions"
	"builders.test/lab/gobuild"
	"builders.test/lab/problem"
	"builders.test/lab/registry"
	"builders.test/lab/site"
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
		var p *problem.Problem
		if err == nil || !errors.As(err, &p) {
			t.Errorf("Release(%q): %v", text, err)
		}
	}
}

func TestReleasesAlwaysHoldTwo(t *testing.T) {
	got, err := BuildKits([]string{"latest", "0.20.2", "v0.11.5"})
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

func TestBuildKitRecipe(t *testing.T) {
	c := catalog(t)
	r := c.buildkit(versions.NewestBuildKit, "v1.5.2")
	if want := []string{"moby/buildkit:" + versions.NewestBuildKit, "moby/buildkit:buildx-stable-1", "moby/buildkit:latest"}; !slices.Equal(r.Refs, want) {
		t.Errorf("names %q", r.Refs)
	}
	if r.Labels[runcLabel] != "v1.5.2" || !strings.Contains(r.Origin, "runc v1.5.2") {
		t.Errorf("labels %v, origin %s", r.Labels, r.Origin)
	}
	if r.Key() == c.buildkit(versions.NewestBuildKit, "v1.5.3").Key() {
		t.Error("another runc, the same image")
	}
}

func TestDescribeSource(t *testing.T) {
	if got := describeSource(t.Context(), t.TempDir()); got != "v0.0.0+unknown" {
		t.Errorf("described as %s", got)
	}
}

func TestSourceTreeMustBeOne(t *testing.T) {
	err := CheckSource(t.TempDir())
	var p *problem.Problem
	if err == nil || !errors.As(err, &p) {
		t.Errorf("error %v", err)
	}
}

// catalog returns the catalog of a lab in its own folder.
func catalog(t *testing.T) *Catalog {
	t.Helper()
	s := site.At(filepath.Join(t.TempDir(), "builders"), nil)
	programs := gobuild.New(s, nil)
	return New(Parts{Site: s, Arch: "amd64", Codename: "bookworm", Programs: programs, Registry: registry.New(s, programs)})
}

func TestStandIns(t *testing.T) {
	if got := catalog(t).StandIns()["ubuntu:20.04"]; !strings.HasPrefix(got, "Debian ") {
		t.Errorf("ubuntu:20.04 is %q", got)
	}
}
