package janitor

import (
	"context"
	"slices"
	"time"

	"builders.test/helpers/env"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
)

// buildx finds out whether an engine has GPUs by a container of the builder's
// image, which it creates without a name or a label, starts at once, and leaves to
// the engine to remove. Where buildx is killed in between, the container stays, and a
// volume with it.

// probeAge is when a probe that was not started never will be.
const probeAge = 3 * time.Second

// probing is the run that a container without a name of the run's belongs to: it
// is such a probe, of an image whose name the run has saved.
func probing(ctx context.Context, engine *client.Client, c container.Summary) (run string, err error) {
	if c.State != container.StateCreated || c.Command != "/bin/true" {
		return "", nil
	}
	found, err := engine.ContainerInspect(ctx, c.ID)
	if cerrdefs.IsNotFound(err) {
		return "", nil
	}
	if err != nil || !found.HostConfig.AutoRemove || len(found.HostConfig.DeviceRequests) == 0 {
		return "", err
	}
	return proberOf(found.Config.Image), nil
}

// proberOf is the run whose probe a container of an image is taken for: the one
// that goes on and has saved its name, else one that is dead. Where several go on it
// is none's yet, and that of the last of them in the end.
func proberOf(ref string) (run string) {
	live := 0
	for _, folder := range folders() {
		if !slices.Contains(env.SavedTags(folder.ID), ref) {
			continue
		}
		switch {
		case StateOf(folder.Run) == Live:
			run = folder.Run
			live++
		case live == 0:
			run = folder.Run
		}
	}
	if live > 1 {
		return ""
	}
	return run
}

// pending reports whether a probe may be started yet, which is not for another run to
// prevent.
func (x Object) pending() bool { return x.probe && time.Since(x.created) < probeAge }
