package engine

import (
	"context"
	"errors"
	"time"

	"builders.test/helpers/internal/poll"
	"builders.test/helpers/spec"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
)

// pruneGap is the pause before the engine is asked again while it prunes for
// another client.
const pruneGap = 100 * time.Millisecond

// PruneContainers removes the containers with a label that are not running, as
// `docker container prune` does.
func PruneContainers(t *spec.T, label string) {
	prune(t, "containers", func(ctx context.Context) error {
		_, err := t.Env.Client.ContainersPrune(ctx, filters.NewArgs(filters.Arg("label", label)))
		return err
	})
}

// PruneVolumes removes the unused, unnamed volumes with a label, as `docker
// volume prune` does.
func PruneVolumes(t *spec.T, label string) {
	pruneVolumes(t, filters.Arg("label", label))
}

// PruneAllVolumes also removes those with a name, as `docker volume prune --all`
// does.
func PruneAllVolumes(t *spec.T, label string) {
	pruneVolumes(t, filters.Arg("label", label), filters.Arg("all", "true"))
}

func pruneVolumes(t *spec.T, of ...filters.KeyValuePair) {
	prune(t, "volumes", func(ctx context.Context) error {
		_, err := t.Env.Client.VolumesPrune(ctx, filters.NewArgs(of...))
		return err
	})
}

// prune waits for its turn: an engine runs one prune at a time, for all its clients,
// and refuses another with a conflict.
func prune(t *spec.T, what string, ask func(context.Context) error) {
	var err error
	t.Wait(func() {
		err = poll.Until(t.Context(), pruneGap, func() (bool, error) {
			err := ask(t.Context())
			if cerrdefs.IsConflict(err) {
				return false, nil
			}
			return true, err
		})
	})
	switch {
	case t.Context().Err() != nil && errors.Is(err, t.Context().Err()):
		t.EnvironmentFailed("the engine is busy with another prune of %s, which did not end before the claim's deadline", what)
	case err != nil:
		t.EnvironmentFailed("prune %s: %v", what, err)
	}
}
