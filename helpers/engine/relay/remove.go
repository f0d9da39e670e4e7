package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"builders.test/helpers/env"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
)

// order is the order in which kinds of objects are removed: what is used goes last.
var order = []string{"container", "network", "volume"}

// Remove removes what was made through the relay and is still there. The run's builders stay:
// they go when they are no longer needed.
func (r *Relay) Remove(ctx context.Context) error {
	var errs []error
	for _, kind := range order {
		for _, object := range slices.Backward(r.Made()) {
			if object.Kind != kind {
				continue
			}
			if err := r.remove(ctx, object); err != nil && !cerrdefs.IsNotFound(err) {
				errs = append(errs, fmt.Errorf("remove the %s %s, which the script left: %w", object.Kind, object.ID, err))
			}
		}
	}
	return errors.Join(errs...)
}

func (r *Relay) remove(ctx context.Context, object Object) error {
	switch object.Kind {
	case "container":
		about, err := r.engine.ContainerInspect(ctx, object.ID)
		if err != nil || r.isBuilder(about.Name) {
			return err
		}
		return r.engine.ContainerRemove(ctx, object.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	case "network":
		return r.engine.NetworkRemove(ctx, object.ID)
	}
	// Someone else may have made one of the same name since.
	about, err := r.engine.VolumeInspect(ctx, object.ID)
	if err != nil || r.isBuilder(object.ID) || about.Labels[env.RunLabel] != r.run && !anonymousName.MatchString(object.ID) {
		return err
	}
	return r.engine.VolumeRemove(ctx, object.ID, true)
}

// isBuilder reports whether a container or volume is one of the run's own builders.
func (r *Relay) isBuilder(name string) bool {
	return strings.HasPrefix(strings.TrimPrefix(name, "/"), env.NodePrefix+env.Prefix+r.run)
}
