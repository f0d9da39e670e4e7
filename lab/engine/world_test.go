package engine

import (
	"encoding/json"
	"testing"

	"builders.test/lab/gobuild"
)

func TestAnEngineInAWorldSharesNothingThatNamesIt(t *testing.T) {
	all := engines(t)
	other, err := all.In("overlay2", World{Inside: []string{"nsenter"}, Dockerd: gobuild.OldDockerd()})
	if err != nil {
		t.Fatal(err)
	}
	if other.Store() != "overlay2" || other.driver != "overlay2" {
		t.Errorf("the store is %s, with the driver %s", other.Store(), other.driver)
	}
	d := other.daemon()
	if d.Args[0] != "nsenter" {
		t.Errorf("dockerd is started by %v", d.Args)
	}
	for _, e := range all {
		theirs := e.daemon()
		for _, same := range []bool{
			e.socket() == other.socket(), e.Data() == other.Data(), e.config() == other.config(), e.execRoot() == other.execRoot(),
			e.Network.Name(e.bridge) == other.Network.Name(other.bridge), theirs.Log == d.Log, theirs.Record == d.Record, theirs.Key == d.Key,
		} {
			if same {
				t.Errorf("it shares something with the engine with the store %s", e.Store())
			}
		}
	}
	if _, err := all.In("vfs", World{}); err == nil {
		t.Error("there is an engine with the store vfs")
	}
}

func TestAWorldChangesTheConfiguration(t *testing.T) {
	plain := daemonConfig{Bridge: "bx-1", Mirrors: []string{"http://127.0.0.1:1"}, Hosts: []string{"unix:///a.sock"}}
	for name, tc := range map[string]struct {
		world World
		want  map[string]bool
	}{
		"as it is":  {World{}, map[string]bool{"bridge": true, "registry-mirrors": true, "group": false}},
		"a user's":  {World{Settings: map[string]any{"bridge": nil, "registry-mirrors": nil, "group": "docker"}}, map[string]bool{"bridge": false, "registry-mirrors": false, "group": true}},
		"only more": {World{Settings: map[string]any{"group": "docker"}}, map[string]bool{"bridge": true, "registry-mirrors": true, "group": true}},
	} {
		t.Run(name, func(t *testing.T) {
			encoded, err := tc.world.configured(plain)
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(encoded, &got); err != nil {
				t.Fatal(err)
			}
			for key, want := range tc.want {
				if _, has := got[key]; has != want {
					t.Errorf("%s is there: %t", key, has)
				}
			}
			if got["hosts"].([]any)[0] != "unix:///a.sock" {
				t.Errorf("hosts are %v", got["hosts"])
			}
		})
	}
}
