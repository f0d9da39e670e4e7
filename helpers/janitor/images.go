package janitor

import (
	"context"
	"fmt"
	"regexp"

	"builders.test/helpers/env"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

// ownedImage may start with the address of one of the run's registries, from
// which it was pulled.
var ownedImage = regexp.MustCompile(`^[^/]+/` + env.Prefix + `([0-9a-f]{8})/`)

// images lists every image. With the containerd store the engine then adds up the sizes
// of them all, which takes it some milliseconds for each.
func images(ctx context.Context, engine *client.Client) ([]Object, error) {
	all, err := engine.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	return objectsOf(all), nil
}

// imagesOf lists what images would list of one run, without the sizes of all others: its
// names, and images without a name.
func imagesOf(run string) lister {
	// A pattern's star does not match a slash.
	named := filters.NewArgs()
	for _, below := range []string{"*", "*/*", "*/*/*", "*/*/*/*"} {
		named.Add("reference", "*/"+env.Prefix+run+"/"+below)
	}
	return func(ctx context.Context, engine *client.Client) ([]Object, error) {
		var objects []Object
		for _, which := range []filters.Args{named, filters.NewArgs(filters.Arg("dangling", "true"))} {
			some, err := engine.ImageList(ctx, image.ListOptions{Filters: which})
			if err != nil {
				return nil, fmt.Errorf("list images of run %s: %w", run, err)
			}
			objects = append(objects, objectsOf(some)...)
		}
		return Of(run, objects), nil
	}
}

func objectsOf(all []image.Summary) []Object {
	var objects []Object
	for _, i := range all {
		for _, tag := range without(i.RepoTags, untagged) {
			objects = append(objects, Object{Kind: "image", Name: tag, ID: tag, Run: owner(ownedImage, tag), State: i.ID})
		}
		if object, ok := nameless(i); ok {
			objects = append(objects, object)
		}
	}
	return objects
}

// untagged is how older engines list an image without a name.
const untagged = "<none>:<none>"

// nameless is an image without a name. A run owns it if it carries the run's
// label, or was pulled from a registry of the run and lost its name to another
// platform.
func nameless(i image.Summary) (Object, bool) {
	if len(without(i.RepoTags, untagged)) > 0 {
		return Object{}, false
	}
	object := Object{Kind: "image", Name: i.ID, ID: i.ID, Run: i.Labels[env.RunLabel], State: i.ID}
	if len(i.RepoDigests) > 0 && object.Run == "" {
		object.Name = i.RepoDigests[0]
		object.Run = owner(ownedImage, object.Name)
	}
	return object, true
}
