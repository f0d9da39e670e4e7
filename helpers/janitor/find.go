package janitor

import (
	"context"
	"slices"

	"github.com/docker/docker/client"
	"golang.org/x/sync/errgroup"
)

// lister lists the objects of one kind on an engine.
type lister func(context.Context, *client.Client) ([]Object, error)

// Find lists what any run owns, on the engines and among this machine's
// temporary folders. Folders are last.
func Find(ctx context.Context, engines ...*client.Client) ([]Object, error) {
	return find(ctx, engines, containers, volumes, networks, images)
}

// findOf is [Find] for one run. It costs the engines little.
func findOf(ctx context.Context, run string, engines []*client.Client) ([]Object, error) {
	all, err := find(ctx, engines, containers, volumes, networks, imagesOf(run))
	return Of(run, all), err
}

func find(ctx context.Context, engines []*client.Client, listers ...lister) ([]Object, error) {
	found, err := each(engines, func(_ int, engine *client.Client) ([]Object, error) {
		here, err := list(ctx, engine, listers)
		here = slices.DeleteFunc(here, func(x Object) bool { return x.Run == "" || goesWithFolder(x) })
		for i := range here {
			here[i].engine = engine
		}
		return here, err
	})
	if err != nil {
		return nil, err
	}
	return append(found, folders()...), nil
}

// list asks an engine for objects of several kinds, at the same time.
func list(ctx context.Context, engine *client.Client, listers []lister) ([]Object, error) {
	return each(listers, func(_ int, list lister) ([]Object, error) { return list(ctx, engine) })
}

// each finds objects in several places at the same time, and returns them in the order of
// the places.
func each[Place any](places []Place, find func(int, Place) ([]Object, error)) ([]Object, error) {
	found := make([][]Object, len(places))
	var work errgroup.Group
	for i, place := range places {
		work.Go(func() (err error) {
			found[i], err = find(i, place)
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}
