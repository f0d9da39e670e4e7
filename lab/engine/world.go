package engine

import (
	"context"
	"encoding/json"
	"maps"
	"os"

	"builders.test/internal/versions"
	"builders.test/lab/gobuild"
	"builders.test/lab/network"
)

// World is what an engine finds around it. The zero value is this machine as it is,
// with the lab's registry as the mirror.
type World struct {
	// Inside begins the command that starts dockerd, such as one that gives it
	// namespaces of its own, among them the network's. It has to end by becoming dockerd.
	Inside []string
	// Env are variables that dockerd has in addition.
	Env []string
	// Dockerd is the engine's program; the zero value is the lab's.
	Dockerd gobuild.Program
	// Settings replace keys of dockerd's configuration; nil removes one.
	Settings map[string]any
}

// In returns an engine in a world of its own, which is none of the lab's: it has the
// image store, and nothing else of theirs. A lab has at most one such engine at a time.
func (all Engines) In(store string, world World) (*Engine, error) {
	like, err := all.With(store)
	if err != nil {
		return nil, err
	}
	other := *like
	other.mark, other.short, other.world = "-world", "-w", world
	other.bridge = network.Bridge{Store: "world", Suffix: other.short, Place: len(kinds)}
	return &other, nil
}

// connect makes the engine's bridge and returns the number of its net. In a network of
// its own, the engine makes the bridge itself, and no other engine has a net.
func (w World) connect(ctx context.Context, e *Engine) (int, error) {
	if len(w.Inside) > 0 {
		return 0, nil
	}
	return e.Network.Connect(ctx, e.bridge)
}

// Discard stops the engine and removes its data.
func (e *Engine) Discard(ctx context.Context) error {
	if err := e.Stop(ctx); err != nil {
		return err
	}
	return os.RemoveAll(e.Data())
}

// version is the engine's release.
func (e *Engine) version() string {
	if version := e.world.Dockerd.Version; version != "" {
		return version
	}
	return versions.Engine
}

// configured returns dockerd's configuration in the world.
func (w World) configured(plain daemonConfig) ([]byte, error) {
	if len(w.Settings) == 0 {
		return json.MarshalIndent(plain, "", "\t")
	}
	encoded, err := json.Marshal(plain)
	if err != nil {
		return nil, err
	}
	settings := map[string]any{}
	if err := json.Unmarshal(encoded, &settings); err != nil {
		return nil, err
	}
	maps.Copy(settings, w.Settings)
	maps.DeleteFunc(settings, func(_ string, value any) bool { return value == nil })
	return json.MarshalIndent(settings, "", "\t")
}
