package lab

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"builders.test/lab/process"
)

func TestEnginesShareNothingThatNamesThem(t *testing.T) {
	l := open(t, nil)
	seen := map[string]bool{}
	for _, e := range engines {
		d := l.engineDaemon(e)
		for _, name := range []string{
			l.socket(e), l.pidfile(e), l.execRoot(e), l.dataRoot(e), l.config(e), l.bridge(e), d.Log, d.Record, d.Key,
		} {
			if seen[name] {
				t.Errorf("two engines have %s", name)
			}
			seen[name] = true
		}
		if n := len(l.bridge(e)); n > 15 {
			t.Errorf("%s has %d letters", l.bridge(e), n)
		}
		if n := len(l.socket(e)); n > 100 {
			t.Errorf("the socket's path has %d bytes", n)
		}
	}
}

func TestReadSettings(t *testing.T) {
	for text, want := range map[string]map[string]int{
		"":                                  {},
		`{"port":1}`:                        {},
		`{"port":1,"nets":{"overlay2":14}}`: {"overlay2": 14},
	} {
		if got, err := readSettings([]byte(text)); err != nil || !maps.Equal(got.Nets, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	if _, err := readSettings([]byte("{")); err == nil {
		t.Error("half a file gives no error")
	}
}

func TestOwnedByOneEngine(t *testing.T) {
	l := open(t, nil)
	first, second := engines[0], engines[1]
	if err := os.MkdirAll(l.dataRoot(second)+"/containers/c0ffee", 0o755); err != nil {
		t.Fatal(err)
	}
	shim := l.folder(containerd()) + "/containerd-shim-runc-v2"
	for name, test := range map[string]struct {
		process process.Process
		want    [2]bool // of the first, of the second
	}{
		"the first's dockerd":    {process.Process{Exe: l.folder(dockerd()) + "/dockerd", Args: []string{"dockerd", "--config-file", l.config(first)}}, [2]bool{true, false}},
		"the second's dockerd":   {process.Process{Exe: l.folder(dockerd()) + "/dockerd", Args: []string{"dockerd", "--config-file", l.config(second)}}, [2]bool{false, true}},
		"the first's shim":       {process.Process{Exe: shim, Args: []string{shim, "-address", l.execRoot(first) + "/containerd/containerd.sock"}}, [2]bool{true, false}},
		"the second's shim":      {process.Process{Exe: shim, Args: []string{shim, "-address", l.execRoot(second) + "/containerd/containerd.sock"}}, [2]bool{false, true}},
		"the second's container": {process.Process{Exe: "/bin/sleep", Cgroups: "3:memory:/docker/c0ffee"}, [2]bool{false, true}},
		"a stranger that reads":  {process.Process{Exe: "/bin/cat", Args: []string{"cat", l.config(first)}}, [2]bool{false, false}},
		"another lab's shim":     {process.Process{Exe: "/other" + shim, Args: []string{shim, "-address", "/run/builders-0/exec/x"}}, [2]bool{false, false}},
	} {
		if got := [2]bool{l.ownedBy(first)(test.process), l.ownedBy(second)(test.process)}; got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestAboutStore(t *testing.T) {
	l := open(t, nil)
	failed := errors.New("dockerd ended at once, its log x says: failed to start daemon: error initializing graphdriver: driver not supported: overlay2")
	got := l.aboutStore(engines[1], failed)
	for _, want := range []string{"image store overlay2 in " + l.dataRoot(engines[1]), "cannot use it there: driver not supported: overlay2", "ext4 or xfs"} {
		if got == nil || !strings.Contains(got.Error(), want) {
			t.Errorf("error %v lacks %q", got, want)
		}
	}
	other := errors.New("dockerd ended at once: address in use")
	if got := l.aboutStore(engines[1], other); got != other {
		t.Errorf("error %v", got)
	}
	if got := l.aboutStore(engines[1], nil); got != nil {
		t.Errorf("error %v", got)
	}
}

func TestKnowsTheBridgesOfItsNetworks(t *testing.T) {
	l := open(t, nil)
	dir := filepath.Join(l.dataRoot(engines[1]), "network", "files")
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
		if got := [2]bool{l.knows(engines[0], name), l.knows(engines[1], name)}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
