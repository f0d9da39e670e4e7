package engine

import (
	"context"
	"time"

	"builders.test/helpers/spec"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
)

// pruneGap is the time between two questions whether the engine still prunes
// for somebody else.
const pruneGap = 100 * time.Millisecond

// PruneContainers removes the containers with a label that do not run, as
// `docker container prune` does.
func PruneContainers(t *spec.T, label string) {
	t.Helper()
	prune(t, "containers", func(ctx context.Context) error {
		_, err := t.Env.Client.ContainersPrune(ctx, filters.NewArgs(filters.Arg("label", label)))
		return err
	})
}

// PruneVolumes removes the volumes with a label and without a name that nothing
// uses, as `docker volume prune` does.
func PruneVolumes(t *spec.T, label string) {
	t.Helper()
	pruneVolumes(t, filters.Arg("label", label))
}

// PruneAllVolumes removes those with a name, too, as `docker volume prune --all`
// does.
func PruneAllVolumes(t *spec.T, label string) {
	t.Helper()
	pruneVolumes(t, filters.Arg("label", label), filters.Arg("all", "true"))
}

func pruneVolumes(t *spec.T, of ...filters.KeyValuePair) {
	t.Helper()
	prune(t, "volumes", func(ctx context.Context) error {
		_, err := t.Env.Client.VolumesPrune(ctx, filters.NewArgs(of...))
		return err
	})
}

// prune waits for its turn: an engine does one prune at a time, whoever asks,
// and refuses another with a conflict.
func prune(t *spec.T, what string, ask func(context.Context) error) {
	t.Helper()
	for {
		err := ask(t.Context())
		if err == nil {
			return
		}
		if !cerrdefs.IsConflict(err) {
			t.EnvironmentFailed("prune %s: %v", what, err)
		}
		select {
		case <-t.Context().Done():
			t.EnvironmentFailed("the engine prunes %s for somebody else, and did not end before the claim's deadline", what)
		case <-time.After(pruneGap):
		}
	}
}
