package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"builders.test/lab/gobuild"
	"builders.test/lab/network"
	"builders.test/lab/packages"
	"builders.test/lab/process"
	"builders.test/lab/site"
)

// engines returns the engines of a lab in its own folder.
func engines(t *testing.T) Engines {
	t.Helper()
	s := site.At(filepath.Join(t.TempDir(), "builders"), nil)
	return New(Parts{Site: s, Programs: gobuild.New(s, nil), Packages: packages.New(s, nil), Network: &network.Network{Site: s}})
}

func TestEnginesShareNothingThatNamesThem(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range engines(t) {
		d := e.daemon()
		for _, name := range []string{
			e.socket(), e.pidfile(), e.execRoot(), e.Data(), e.config(), e.Network.Name(e.bridge), d.Log, d.Record, d.Key,
		} {
			if seen[name] {
				t.Errorf("two engines have %s", name)
			}
			seen[name] = true
		}
		if n := len(e.Network.Name(e.bridge)); n > 15 {
			t.Errorf("%s has %d letters", e.Network.Name(e.bridge), n)
		}
		if n := len(e.socket()); n > 100 {
			t.Errorf("the socket's path has %d bytes", n)
		}
	}
}

func TestOwnedByOneEngine(t *testing.T) {
	all := engines(t)
	first, second := all[0], all[1]
	if err := os.MkdirAll(second.Data()+"/containers/c0ffee", 0o755); err != nil {
		t.Fatal(err)
	}
	shim := first.folder(gobuild.Containerd()) + "/containerd-shim-runc-v2"
	for name, test := range map[string]struct {
		process process.Process
		want    [2]bool // of the first, of the second
	}{
		"the first's dockerd":    {process.Process{Exe: first.folder(gobuild.Dockerd()) + "/dockerd", Args: []string{"dockerd", "--config-file", first.config()}}, [2]bool{true, false}},
		"the second's dockerd":   {process.Process{Exe: first.folder(gobuild.Dockerd()) + "/dockerd", Args: []string{"dockerd", "--config-file", second.config()}}, [2]bool{false, true}},
		"the first's shim":       {process.Process{Exe: shim, Args: []string{shim, "-address", first.execRoot() + "/containerd/containerd.sock"}}, [2]bool{true, false}},
		"the second's shim":      {process.Process{Exe: shim, Args: []string{shim, "-address", second.execRoot() + "/containerd/containerd.sock"}}, [2]bool{false, true}},
		"the second's container": {process.Process{Exe: "/bin/sleep", Cgroups: "3:memory:/docker/c0ffee"}, [2]bool{false, true}},
		"a stranger that reads":  {process.Process{Exe: "/bin/cat", Args: []string{"cat", first.config()}}, [2]bool{false, false}},
		"another lab's shim":     {process.Process{Exe: "/other" + shim, Args: []string{shim, "-address", "/run/builders-0/exec/x"}}, [2]bool{false, false}},
	} {
		if got := [2]bool{first.owns()(test.process), second.owns()(test.process)}; got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestAboutStore(t *testing.T) {
	second := engines(t)[1]
	failed := errors.New("dockerd ended at once, its log x says: failed to start daemon: error initializing graphdriver: driver not supported: overlay2")
	got := second.aboutStore(failed)
	for _, want := range []string{"image store overlay2 in " + second.Data(), "cannot use it there: driver not supported: overlay2", "ext4 or xfs"} {
		if got == nil || !strings.Contains(got.Error(), want) {
			t.Errorf("error %v lacks %q", got, want)
		}
	}
	other := errors.New("dockerd ended at once: address in use")
	if got := second.aboutStore(other); !errors.Is(got, other) {
		t.Errorf("error %v", got)
	}
	if got := second.aboutStore(nil); got != nil {
		t.Errorf("error %v", got)
	}
}

func TestKnowsTheBridgesOfItsNetworks(t *testing.T) {
	all := engines(t)
	dir := filepath.Join(all[1].Data(), "network", "files")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "local-kv.db"), []byte("\x00docker/network/v1.0/4c215ce902db0000\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][2]bool{ // of the first, of the second
		"br-4c215ce902db": {false, true},
		"br-0123456789ab": {false, false},
		"br-4c215":        {false, false},
		"br-":             {false, false},
		"docker0":         {false, false},
	} {
		if got := [2]bool{all[0].knows(name), all[1].knows(name)}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestWithStore(t *testing.T) {
	all := engines(t)
	for store, socket := range map[string]string{"": "docker.sock", "containerd": "docker.sock", "overlay2": "docker-overlay2.sock"} {
		e, err := all.With(store)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := e.Host(), "unix://"+filepath.Join(e.Site.Run, socket); got != want {
			t.Errorf("store %q: %s, want %s", store, got, want)
		}
	}
	if _, err := all.With("vfs"); err == nil || !strings.Contains(err.Error(), "its stores are containerd, overlay2") {
		t.Errorf("error %v", err)
	}
}
