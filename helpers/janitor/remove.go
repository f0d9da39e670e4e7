package janitor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"golang.org/x/sync/errgroup"
)

// atOnce is how many objects an engine is asked to remove at the same time. It waits
// more than it works: for processes to end, and, once for all images that are removed
// meanwhile, for what no image needs anymore to be deleted.
const atOnce = 16

// removal is the order in which kinds of objects are removed: containers before the
// volumes, images and networks that they use. Folders are last, one after the other.
var removal = [][]string{{"container"}, {"volume", "image", "network"}}

// Remove removes objects in the order of their kinds. What is already gone is fine; other
// failures are collected. While anything else remains the folders stay, since they show
// that a run is dead.
func Remove(ctx context.Context, objects []Object) error {
	var errs []error
	for _, kinds := range removal {
		errs = append(errs, removeAll(ctx, ofKinds(objects, kinds)))
	}
	for _, folder := range ofKinds(objects, []string{"folder"}) {
		if errors.Join(errs...) != nil {
			break
		}
		errs = append(errs, removeOne(ctx, folder))
	}
	return errors.Join(errs...)
}

func ofKinds(objects []Object, kinds []string) []Object {
	return slices.DeleteFunc(slices.Clone(objects), func(x Object) bool { return !slices.Contains(kinds, x.Kind) })
}

// removeAll removes objects at the same time. Its error has every failure, in order.
func removeAll(ctx context.Context, objects []Object) error {
	errs := make([]error, len(objects))
	var work errgroup.Group
	work.SetLimit(atOnce)
	for i, object := range objects {
		work.Go(func() error {
			errs[i] = removeOne(ctx, object)
			return nil
		})
	}
	return errors.Join(append(errs, work.Wait())...)
}

func removeOne(ctx context.Context, object Object) error {
	if err := remove(ctx, object); err != nil && !cerrdefs.IsNotFound(err) {
		return fmt.Errorf("remove %s: %w", object, err)
	}
	return nil
}

func remove(ctx context.Context, object Object) error {
	switch object.Kind {
	case "container":
		return object.engine.ContainerRemove(ctx, object.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	case "volume":
		return object.engine.VolumeRemove(ctx, object.ID, true)
	case "network":
		return object.engine.NetworkRemove(ctx, object.ID)
	case "image":
		_, err := object.engine.ImageRemove(ctx, object.ID, image.RemoveOptions{Force: true, PruneChildren: true})
		return err
	default:
		return removeFolder(ctx, object.ID)
	}
}
