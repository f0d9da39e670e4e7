package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"builders.test/helpers/spec"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/volume"
)

// Traces are the objects on the engine that come from one build. They are known
// by a label that the Dockerfile sets before its first step, and that everything
// made from the unfinished image inherits. So no other work on the engine is
// mistaken for the build's. What has no label, and is not used by something that
// has it, escapes.
type Traces struct {
	// Containers are the ids of labeled containers, running or not.
	Containers []string
	// Images are the names of labeled images, or their ids if they have
	// none.
	Images []string
	// Volumes are the names of labeled volumes and of those that labeled
	// containers use.
	Volumes []string
}

// None reports whether there are no traces.
func (x Traces) None() bool {
	return len(x.Containers) == 0 && len(x.Images) == 0 && len(x.Volumes) == 0
}

// String lists them.
func (x Traces) String() string {
	return fmt.Sprintf("containers %v, images %v, volumes %v", x.Containers, x.Images, x.Volumes)
}

// FindTraces looks for everything that carries a label, given as key=value.
func FindTraces(t *spec.T, label string) Traces {
	found, err := traces(t.Context(), t, label)
	t.EnvironmentOK(err, "ask the engine for objects with the label %s", label)
	return found
}

func traces(ctx context.Context, t *spec.T, label string) (found Traces, err error) {
	labelled := filters.NewArgs(filters.Arg("label", label))
	containers, err := t.Env.Client.ContainerList(ctx, container.ListOptions{All: true, Filters: labelled})
	if err != nil {
		return found, err
	}
	for _, c := range containers {
		found.Containers = append(found.Containers, c.ID)
		for _, mount := range c.Mounts {
			if mount.Name != "" {
				found.Volumes = append(found.Volumes, mount.Name)
			}
		}
	}
	images, err := t.Env.Client.ImageList(ctx, image.ListOptions{All: true, Filters: labelled})
	if err != nil {
		return found, err
	}
	for _, i := range images {
		found.Images = append(found.Images, namesOf(i)...)
	}
	volumes, err := t.Env.Client.VolumeList(ctx, volume.ListOptions{Filters: labelled})
	if err != nil {
		return found, err
	}
	for _, v := range volumes.Volumes {
		found.Volumes = append(found.Volumes, v.Name)
	}
	slices.Sort(found.Volumes)
	found.Volumes = slices.Compact(found.Volumes)
	return found, nil
}

func namesOf(i image.Summary) []string {
	if len(i.RepoTags) == 0 {
		return []string{i.ID}
	}
	return i.RepoTags
}

// RemoveTracesAfter registers the removal of everything that carries a label
// by the end of the spec.
func RemoveTracesAfter(t *spec.T, label string) {
	t.Cleanup(func() {
		t.Undo("objects with the label "+label, func(ctx context.Context) error { return removeTraces(ctx, t, label) })
	})
}

func removeTraces(ctx context.Context, t *spec.T, label string) error {
	found, err := traces(ctx, t, label)
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range found.Containers {
		errs = append(errs, t.Env.Client.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true}))
	}
	for _, name := range found.Volumes {
		errs = append(errs, t.Env.Client.VolumeRemove(ctx, name, true))
	}
	for _, name := range found.Images {
		_, err := t.Env.Client.ImageRemove(ctx, name, image.RemoveOptions{Force: true, PruneChildren: true})
		errs = append(errs, err)
	}
	// An image cannot be removed before those that were made from it, and goes with
	// the last of them, so what counts is what remains.
	remaining, err := traces(ctx, t, label)
	if err == nil && !remaining.None() {
		err = fmt.Errorf("%v remain: %w", remaining, errors.Join(errs...))
	}
	return err
}
