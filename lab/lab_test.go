package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"builders.test/helpers/testbed"
	"builders.test/lab/problem"
	"builders.test/lab/site"
)

func open(t *testing.T) *Lab {
	t.Helper()
	l, err := Open(Options{Cache: filepath.Join(t.TempDir(), "builders")})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestExplain(t *testing.T) {
	asked := problem.New("a", "b", "c")
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"interrupted": {fmt.Errorf("x: %w", context.Canceled), "interrupted"},
		"disk":        {fmt.Errorf("x: %w", syscall.ENOSPC), "the disk is full"},
		"disk text":   {errors.New("ld: no space left on device"), "the disk is full"},
		"problem":     {asked, asked.Error()},
		"other":       {errors.New("odd"), "trying: odd"},
	} {
		if got := explain("trying", test.err); !strings.Contains(got.Error(), test.want) {
			t.Errorf("%s: %q lacks %q", name, got, test.want)
		}
	}
	if explain("trying", nil) != nil {
		t.Error("nil became an error")
	}
}

func TestOpenDependsOnTheCacheAlone(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	byDefault, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	named, err := Open(Options{Cache: filepath.Join(dir, "builders")})
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(byDefault.Hosts(), named.Hosts()) || byDefault.site.Cache != named.site.Cache {
		t.Errorf("%s and %s differ", byDefault.Hosts(), named.Hosts())
	}
	if site.Exists(named.site.Cache) || site.Exists(named.site.Run) {
		t.Error("opening a lab made folders")
	}
}

func TestAccess(t *testing.T) {
	l := open(t)
	if mirror := access(t, l, "").Testbed.Mirror; mirror.Address != "" {
		t.Errorf("a lab that was never up has a mirror: %v", mirror)
	}
	if err := os.MkdirAll(l.site.Cache, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := l.site.Change(func(s *site.Settings) { s.Port, s.CLI = 4711, "/brought" }); err != nil {
		t.Fatal(err)
	}
	byDefault := access(t, l, "")
	bed := byDefault.Testbed
	if bed.Mirror.Address != "127.0.0.1:4711" || !slices.Equal(bed.Mirror.Registries, []string{"docker.io", "gcr.io"}) {
		t.Errorf("mirror %v", bed.Mirror)
	}
	if !strings.HasPrefix(bed.StandIns["ubuntu:20.04"], "Debian ") {
		t.Errorf("stand-ins %s", bed.StandIns)
	}
	set := byDefault.Variables()
	if !strings.HasPrefix(set["PATH"], "/brought:") || set[testbed.Variable] != filepath.Join(l.site.Cache, "testbed.json") || len(set) != 4 {
		t.Errorf("variables %v", set)
	}
}

func TestSpecsUnderstandWhatTheyAreTold(t *testing.T) {
	bed, path := access(t, open(t), "").Testbed, filepath.Join(t.TempDir(), "testbed.json")
	if err := bed.Write(path); err != nil {
		t.Fatal(err)
	}
	if _, err := testbed.Read(path); err != nil {
		t.Error(err)
	}
}

func access(t *testing.T, l *Lab, store string) testbed.Access {
	t.Helper()
	a, err := l.Access(store)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAccessLeadsToTheEngineWithTheStore(t *testing.T) {
	l := open(t)
	for store, socket := range map[string]string{"": "docker.sock", "containerd": "docker.sock", "overlay2": "docker-overlay2.sock"} {
		if got, want := access(t, l, store).DockerHost, "unix://"+filepath.Join(l.site.Run, socket); got != want {
			t.Errorf("store %q: %s, want %s", store, got, want)
		}
	}
	engines := access(t, l, "").Testbed.Engines
	if !maps.Equal(engines, l.Hosts()) || len(engines) != 2 {
		t.Errorf("engines %v", engines)
	}
	_, err := l.Access("vfs")
	var p *problem.Problem
	if !errors.As(err, &p) || !strings.Contains(p.Next, "containerd, overlay2") {
		t.Errorf("error %v", err)
	}
}

func TestWhatIsThereWaitsForNoOne(t *testing.T) {
	l := open(t)
	binary := l.buildxPath("v0.20.0")
	if err := os.MkdirAll(filepath.Dir(binary), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(binary, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	other := site.At(l.site.Cache, nil)
	err := other.Own(t.Context(), func() error {
		got, err := l.Buildx(t.Context(), "v0.20.0")
		if got != binary {
			t.Errorf("buildx is %s, want %s", got, binary)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestStatusTable(t *testing.T) {
	s := Status{Cache: "/c", Up: true, Components: []Component{
		{Name: "engine", Version: "docker 29", State: "running (pid 7)"},
		{Name: "image busybox:latest", Version: "amd64 arm64", State: "served"},
	}}
	var out bytes.Buffer
	if err := s.Print(&out); err != nil {
		t.Fatal(err)
	}
	want := "lab up, in /c\n" +
		"COMPONENT             VERSION      STATE\n" +
		"engine                docker 29    running (pid 7)\n" +
		"image busybox:latest  amd64 arm64  served\n"
	if out.String() != want {
		t.Errorf("table\n%swant\n%s", out.String(), want)
	}
}

func TestStatusOfNothing(t *testing.T) {
	l := open(t)
	s, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Up || s.Mirror != "" || len(s.Components) < 10 {
		t.Errorf("status %+v", s)
	}
	if site.Exists(l.site.Cache) {
		t.Error("looking made the cache folder")
	}
}

func TestAbsent(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh")
	}
	if got := absent("sh", "no-such-program-here"); !slices.Equal(got, []string{"no-such-program-here"}) {
		t.Errorf("absent %q", got)
	}
}
