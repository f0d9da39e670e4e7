// Package janitor finds and removes what runs leave on an engine. Everything a
// run makes carries its id, so nothing else is ever touched.
package janitor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"builders.test/helpers/enginecache"
	"builders.test/helpers/env"
	"builders.test/helpers/registry"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	"github.com/gofrs/flock"
)

// Thing is one object that a run owns.
type Thing struct {
	// Kind is container, volume, image or folder.
	Kind string
	// Name is how people know it; ID is what removes it.
	Name, ID string
	// Run is the id of the run that owns it.
	Run string

	engine *client.Client
}

// String is the kind and the name.
func (x Thing) String() string { return x.Kind + " " + x.Name }

var (
	ownedName = regexp.MustCompile(`^(?:buildx_buildkit_)?` + env.Prefix + `([0-9a-f]{8})(?:-|$)`)
	// An image that was pulled from a registry of the run's carries the
	// registry's address.
	ownedImage = regexp.MustCompile(`^(?:builders\.test/|[^/]+/` + env.Prefix + `)([0-9a-f]{8})/`)
)

// owner is the id of the run that a name belongs to, or empty.
func owner(pattern *regexp.Regexp, name string) string {
	if match := pattern.FindStringSubmatch(name); match != nil {
		return match[1]
	}
	return ""
}

// Find lists what any run owns, on the engines and among this machine's
// temporary folders. Folders are last.
func Find(ctx context.Context, engines ...*client.Client) ([]Thing, error) {
	var things []Thing
	for _, engine := range engines {
		found, err := on(ctx, engine)
		if err != nil {
			return nil, err
		}
		things = append(things, found...)
	}
	found, err := folders()
	return append(things, found...), err
}

func on(ctx context.Context, engine *client.Client) ([]Thing, error) {
	var things []Thing
	for _, find := range []func(context.Context, *client.Client) ([]Thing, error){
		containers, volumes, images,
	} {
		found, err := find(ctx, engine)
		if err != nil {
			return nil, err
		}
		for _, thing := range found {
			thing.engine = engine
			things = append(things, thing)
		}
	}
	return things, nil
}

func containers(ctx context.Context, engine *client.Client) ([]Thing, error) {
	all, err := engine.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	var things []Thing
	for _, c := range all {
		name := c.ID[:12]
		if len(c.Names) > 0 {
			name = strings.TrimPrefix(c.Names[0], "/")
		}
		run := c.Labels[env.RunLabel]
		if run == "" {
			run = owner(ownedName, name)
		}
		if run != "" {
			things = append(things, Thing{Kind: "container", Name: name, ID: c.ID, Run: run})
		}
	}
	return things, nil
}

func volumes(ctx context.Context, engine *client.Client) ([]Thing, error) {
	all, err := engine.VolumeList(ctx, volume.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	var things []Thing
	for _, v := range all.Volumes {
		if run := owner(ownedName, v.Name); run != "" {
			things = append(things, Thing{Kind: "volume", Name: v.Name, ID: v.Name, Run: run})
		}
	}
	return things, nil
}

func images(ctx context.Context, engine *client.Client) ([]Thing, error) {
	all, err := engine.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	var things []Thing
	for _, i := range all {
		if run := i.Labels[env.RunLabel]; run != "" && len(i.RepoTags) == 0 {
			things = append(things, Thing{Kind: "image", Name: i.ID, ID: i.ID, Run: run})
		}
		for _, tag := range i.RepoTags {
			if run := owner(ownedImage, tag); run != "" {
				things = append(things, Thing{Kind: "image", Name: tag, ID: tag, Run: run})
			}
		}
		if thing, ok := nameless(i); ok {
			things = append(things, thing)
		}
	}
	return things, nil
}

// nameless is an image without a name that a run owns: it was pulled from a
// registry of the run's, and its name went to another platform of it.
func nameless(i image.Summary) (Thing, bool) {
	// Older engines write the missing name out.
	if len(without(i.RepoTags, "<none>:<none>")) > 0 || len(i.RepoDigests) == 0 {
		return Thing{}, false
	}
	digest := i.RepoDigests[0]
	run := owner(ownedImage, digest)
	return Thing{Kind: "image", Name: digest, ID: i.ID, Run: run}, run != ""
}

func without(all []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == one })
}

func folders() ([]Thing, error) {
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), env.Prefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("list temporary folders: %w", err)
	}
	var things []Thing
	for _, dir := range dirs {
		if run := owner(ownedName, filepath.Base(dir)); run != "" {
			things = append(things, Thing{Kind: "folder", Name: dir, ID: dir, Run: run})
		}
	}
	return things, nil
}

// Of keeps what belongs to one run.
func Of(run string, things []Thing) []Thing {
	return slices.DeleteFunc(slices.Clone(things), func(x Thing) bool { return x.Run != run })
}

// State tells whether a run still goes on.
type State string

const (
	// Live: the run's process holds its folder's lock.
	Live State = "live"
	// Dead: the folder is there and nobody holds its lock.
	Dead State = "dead"
	// Elsewhere: this machine knows no such folder, so the run may be another
	// machine's that shares the engine.
	Elsewhere State = "elsewhere"
)

// StateOf looks at the lock that a run on this machine holds in its folder.
func StateOf(run string) State {
	dir := filepath.Join(os.TempDir(), env.Prefix+run)
	if _, err := os.Stat(dir); err != nil {
		return Elsewhere
	}
	lock := flock.New(env.LockFile(dir))
	free, err := lock.TryLock()
	if err != nil || !free {
		return Live
	}
	if err := lock.Unlock(); err != nil {
		return Live
	}
	return Dead
}

// Remove takes things away: containers before the volumes they use, folders
// last. What is already gone is fine; other failures are gathered. While
// anything else remains the folders stay, since they tell that a run is dead.
func Remove(ctx context.Context, things []Thing) error {
	var errs []error
	for _, thing := range things {
		if thing.Kind == "folder" && len(errs) > 0 {
			continue
		}
		if err := remove(ctx, thing); err != nil && !cerrdefs.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("remove %s: %w", thing, err))
		}
	}
	return errors.Join(errs...)
}

func remove(ctx context.Context, thing Thing) error {
	switch thing.Kind {
	case "container":
		return thing.engine.ContainerRemove(ctx, thing.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	case "volume":
		return thing.engine.VolumeRemove(ctx, thing.ID, true)
	case "image":
		_, err := thing.engine.ImageRemove(ctx, thing.ID, image.RemoveOptions{Force: true, PruneChildren: true})
		return err
	default:
		return removeFolder(ctx, thing.ID)
	}
}

// removeFolder first puts back the tags that the run had moved, and settles
// what it left in the engines' own BuildKits.
func removeFolder(ctx context.Context, dir string) error {
	settle := map[string]func(string) error{
		registry.RestoreGlob: registry.Restore,
		enginecache.NoteGlob: func(note string) error { return enginecache.Settle(ctx, note) },
	}
	var errs []error
	for pattern, do := range settle {
		notes, err := filepath.Glob(filepath.Join(dir, pattern))
		errs = append(errs, err)
		for _, note := range notes {
			errs = append(errs, do(note))
		}
	}
	return errors.Join(append(errs, os.RemoveAll(dir))...)
}
