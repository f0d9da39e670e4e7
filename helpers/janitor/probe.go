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

// buildx finds out whether an engine has GPUs with a container of the builder's
// image, which it creates without a name or a label, starts at once, and leaves to
// the engine to remove. If buildx is killed in between, the container stays, and a
// volume with it.

// probeAge is the age at which a probe that was not started never will be.
const probeAge = 3 * time.Second

// probing returns the run that a container without a name of the run belongs to:
// it is such a probe, of an image whose name the run has saved.
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

// proberOf returns the run that a probe of an image is attributed to: the live one
// that has saved its name, or else a dead one. While several are live it belongs to
// none, and in the end to the last of them.
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

// pending reports whether a probe may still be started, which another run must not
// prevent.
func (x Object) pending() bool { return x.probe && time.Since(x.created) < probeAge }
