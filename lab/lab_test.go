package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

func open(t *testing.T, progress io.Writer) *Lab {
	t.Helper()
	l, err := Open(Options{Cache: filepath.Join(t.TempDir(), "builders"), Progress: progress})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestProblemIsOneLine(t *testing.T) {
	err := problem("doing this", "it\nfailed  badly", "do that")
	if got, want := err.Error(), "doing this: it failed badly; do that"; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func TestExplain(t *testing.T) {
	asked := problem("a", "b", "c")
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
	if !maps.Equal(byDefault.Hosts(), named.Hosts()) || byDefault.cache != named.cache {
		t.Errorf("%s and %s differ", byDefault.Hosts(), named.Hosts())
	}
	if exists(named.cache) || exists(named.run) {
		t.Error("opening a lab made folders")
	}
}

func TestEnv(t *testing.T) {
	l := open(t, nil)
	if _, ok := variables(t, l, "")["BUILDERS_MIRROR"]; ok {
		t.Error("a lab that was never up has a mirror")
	}
	if err := os.MkdirAll(l.cache, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := l.change(func(s *settings) { s.Port, s.CLI = 4711, "/brought" }); err != nil {
		t.Fatal(err)
	}
	byDefault := variables(t, l, "")
	if byDefault["BUILDERS_MIRROR"] != "127.0.0.1:4711" || !strings.HasPrefix(byDefault["PATH"], "/brought:") {
		t.Errorf("variables %v", byDefault)
	}
	if !strings.Contains(byDefault["BUILDERS_STANDINS"], `"ubuntu:20.04":"Debian `) {
		t.Errorf("stand-ins %s", byDefault["BUILDERS_STANDINS"])
	}
}

func variables(t *testing.T, l *Lab, store string) map[string]string {
	t.Helper()
	all, err := l.Env(store)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEnvLeadsToTheEngineWithTheStore(t *testing.T) {
	l := open(t, nil)
	for store, socket := range map[string]string{"": "docker.sock", "containerd": "docker.sock", "overlay2": "docker-overlay2.sock"} {
		if got, want := variables(t, l, store)["DOCKER_HOST"], "unix://"+filepath.Join(l.run, socket); got != want {
			t.Errorf("store %q: %s, want %s", store, got, want)
		}
	}
	var engines map[string]string
	if err := json.Unmarshal([]byte(variables(t, l, "")["BUILDERS_ENGINES"]), &engines); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(engines, l.Hosts()) || len(engines) != 2 {
		t.Errorf("engines %v", engines)
	}
	_, err := l.Env("vfs")
	var p *Problem
	if !asProblem(err, &p) || !strings.Contains(p.Next, "containerd, overlay2") {
		t.Errorf("error %v", err)
	}
}

func TestLockWaitsAndNamesTheOwner(t *testing.T) {
	var progress bytes.Buffer
	l := open(t, &progress)
	if err := os.MkdirAll(l.cache, 0o755); err != nil {
		t.Fatal(err)
	}
	other := flock.New(l.path("lock"))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(l.path("lock"), []byte("4711"), 0o644); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(200*time.Millisecond, func() { _ = other.Unlock() })
	ran := false
	if err := l.locked(t.Context(), func() error { ran = true; return nil }); err != nil || !ran {
		t.Errorf("ran %v, error %v", ran, err)
	}
	if !strings.Contains(progress.String(), "pid 4711") {
		t.Errorf("progress %q does not name the owner", progress.String())
	}
}

func TestLockGivesUpWithTheContext(t *testing.T) {
	l := open(t, nil)
	if err := os.MkdirAll(l.cache, 0o755); err != nil {
		t.Fatal(err)
	}
	other := flock.New(l.path("lock"))
	if err := other.Lock(); err != nil {
		t.Fatal(err)
	}
	defer other.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	err := l.locked(ctx, func() error { t.Error("ran without the lock"); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestOnceSharesResultsAndStopsAtTheFirstFailure(t *testing.T) {
	o, end := newOnce(t.Context())
	defer end()
	runs := 0
	for range 3 {
		if err := o.do("good", func(context.Context) error { runs++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if runs != 1 {
		t.Errorf("ran %d times", runs)
	}
	failure := errors.New("first")
	waiting := make(chan error, 1)
	go func() {
		waiting <- o.do("slow", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
	}()
	if err := o.do("bad", func(context.Context) error { return failure }); err != failure {
		t.Errorf("error %v", err)
	}
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("the other work ended with %v", err)
	} else if got := o.reason(err); got != failure {
		t.Errorf("reason %v, want %v", got, failure)
	}
}

func TestProgressLines(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out)
	if err := p.work("buildx v1", "building", "built", func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	if want := "lab  buildx v1 … building\nlab  buildx v1 … built in 0.0s\n"; out.String() != want {
		t.Errorf("progress %q, want %q", out.String(), want)
	}
	now := time.Now()
	got := describe(map[string]time.Time{"b": now.Add(-5 * time.Second), "a": now.Add(-75 * time.Second)}, now)
	if want := "a (1m15s), b (5.0s)"; got != want {
		t.Errorf("described %q, want %q", got, want)
	}
}

func TestNets(t *testing.T) {
	if got := subnet(0).String() + " " + subnet(31).String(); got != "198.18.0.0/20 198.19.240.0/20" {
		t.Errorf("nets %s", got)
	}
	if got := gateway(17); got != "198.19.16.1/24" {
		t.Errorf("gateway %s", got)
	}
	taken := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("198.18.80.0/24")}
	if n, ok := pickNet(5, taken); !ok || n != 6 {
		t.Errorf("picked %d %v, want 6", n, ok)
	}
	if _, ok := pickNet(5, []netip.Prefix{netip.MustParsePrefix("198.0.0.0/8")}); ok {
		t.Error("picked a net that is taken")
	}
}

func TestEmulationEntries(t *testing.T) {
	magic, mask := elf(0xb7)
	f := foreign{"arm64", "aarch64", magic, mask}
	want := `:name:M:0:\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/q:PF`
	if got := f.registration("name", "/q"); got != want {
		t.Errorf("registration\n%s, want\n%s", got, want)
	}
	entry := "enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: PF\noffset 0\nmagic 7f454c460201010000000000000000000200b700\nmask ffffffffffffff00fffffffffffffffffeffffff\n"
	for name, test := range map[string]struct {
		entry string
		want  bool
	}{
		"the same":     {entry, true},
		"disabled":     {strings.Replace(entry, "enabled", "disabled", 1), false},
		"not in jails": {strings.Replace(entry, "flags: PF", "flags: OC", 1), false},
		"32 bit arm":   {strings.Replace(entry, "7f454c46020101", "7f454c46010101", 1), false},
		"another":      {strings.Replace(entry, "b700", "f300", 1), false},
		"by extension": {"enabled\ninterpreter /x\nflags: F\nextension .exe\n", false},
	} {
		if got := f.handles(test.entry); got != test.want {
			t.Errorf("%s: handles = %v", name, got)
		}
	}
}

func TestStatusTable(t *testing.T) {
	s := Status{Cache: "/c", Bytes: 5 << 20, Up: true, Components: []Component{
		{Name: "engine", Version: "docker 29", State: "running (pid 7)", Bytes: 1 << 20},
		{Name: "image busybox:latest", Version: "amd64 arm64", State: "served"},
	}}
	var out bytes.Buffer
	if err := s.Print(&out); err != nil {
		t.Fatal(err)
	}
	want := "lab up, 5MiB in /c\n" +
		"COMPONENT             VERSION      STATE            SIZE\n" +
		"engine                docker 29    running (pid 7)  1MiB\n" +
		"image busybox:latest  amd64 arm64  served           \n"
	if out.String() != want {
		t.Errorf("table\n%swant\n%s", out.String(), want)
	}
}

func TestStatusOfNothing(t *testing.T) {
	l := open(t, nil)
	s, err := l.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Up || s.Mirror != "" || len(s.Components) < 10 {
		t.Errorf("status %+v", s)
	}
	if exists(l.cache) {
		t.Error("looking made the cache folder")
	}
}

func TestIsFree(t *testing.T) {
	l := open(t, nil)
	if err := os.MkdirAll(l.cache, 0o755); err != nil {
		t.Fatal(err)
	}
	port, err := l.port()
	if err != nil {
		t.Fatal(err)
	}
	again, err := l.port()
	if err != nil || again != port {
		t.Errorf("ports %d and %d, %v", port, again, err)
	}
}

func TestRelink(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	for _, target := range []string{"one", "two", "two"} {
		if err := relink(target, link); err != nil {
			t.Fatal(err)
		}
		if got, err := os.Readlink(link); err != nil || got != target {
			t.Errorf("leads to %s, %v", got, err)
		}
	}
}

func TestIntoIsAllOrNothing(t *testing.T) {
	l := open(t, nil)
	if err := os.MkdirAll(l.path("tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	dir := l.path("bin", "thing")
	half := func(temp string) error {
		if err := os.WriteFile(filepath.Join(temp, "half"), nil, 0o644); err != nil {
			return err
		}
		return errors.New("stopped")
	}
	if err := l.into(dir, half); err == nil || exists(dir) {
		t.Errorf("half a folder: %v", err)
	}
	if left, err := os.ReadDir(l.path("tmp")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	if err := l.into(dir, func(string) error { return nil }); err != nil || !exists(dir) {
		t.Errorf("no folder: %v", err)
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

func TestHandlerSkipsOtherLabs(t *testing.T) {
	l := open(t, nil)
	magic, mask := elf(0xb7)
	f := foreign{"arm64", "aarch64", magic, mask}
	root := t.TempDir()
	entry := "enabled\ninterpreter /q\nflags: PF\noffset 0\nmagic 7f454c460201010000000000000000000200b700\n"
	own := l.entryName(f)
	others := func(name string) bool { return strings.HasPrefix(name, entryPrefix) && name != own }
	for _, step := range []struct{ add, want string }{
		{"register", ""}, {entryPrefix + "aarch64-00000000", ""}, {own, own}, {"aarch64-of-the-host", "aarch64-of-the-host"},
	} {
		if err := os.WriteFile(filepath.Join(root, step.add), []byte(entry), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, _ := f.handler(root, others); got != step.want {
			t.Errorf("with %s the handler is %q, want %q", step.add, got, step.want)
		}
	}
}
