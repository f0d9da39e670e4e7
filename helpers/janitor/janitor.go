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
	"time"

	"builders.test/helpers/env"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
)

// Object is something on an engine or on this machine that a run may own.
type Object struct {
	// Kind is container, volume, image or folder.
	Kind string
	// Name is how people know it; ID is what removes it.
	Name, ID string
	// Run is the id of the run that owns it, or empty if none does.
	Run string
	// State is what must not change unless a run owns the object.
	State string

	engine *client.Client
	// probe says that it is one of buildx's probes, created at this time.
	probe   bool
	created time.Time
	// uses are the volumes of a container.
	uses []string
}

// String returns the kind and the name.
func (x Object) String() string { return x.Kind + " " + x.Name }

var (
	ownedName = regexp.MustCompile(`^(?:` + env.NodePrefix + `)?` + env.Prefix + `([0-9a-f]{8})(?:-|$)`)
	// ownedImage may start with the address of one of the run's registries, from
	// which it was pulled.
	ownedImage = regexp.MustCompile(`^[^/]+/` + env.Prefix + `([0-9a-f]{8})/`)
)

// owner returns the id of the run that a name belongs to, or empty.
func owner(pattern *regexp.Regexp, name string) string {
	if match := pattern.FindStringSubmatch(name); match != nil {
		return match[1]
	}
	return ""
}

// Find lists what any run owns, on the engines and among this machine's
// temporary folders. Folders are last.
func Find(ctx context.Context, engines ...*client.Client) ([]Object, error) {
	var objects []Object
	for _, engine := range engines {
		found, err := on(ctx, engine)
		if err != nil {
			return nil, err
		}
		objects = append(objects, found...)
	}
	return append(objects, folders()...), nil
}

func on(ctx context.Context, engine *client.Client) ([]Object, error) {
	var objects []Object
	for _, find := range []func(context.Context, *client.Client) ([]Object, error){
		containers, volumes, images,
	} {
		found, err := find(ctx, engine)
		if err != nil {
			return nil, err
		}
		for _, object := range found {
			if object.Run == "" || goesWithFolder(object) {
				continue
			}
			object.engine = engine
			objects = append(objects, object)
		}
	}
	return objects, nil
}

// goesWithFolder reports whether an object is an image that a run keeps for the
// user.
// The note that says for whom is in the run's folder.
func goesWithFolder(object Object) bool {
	return object.kept() && StateOf(object.Run) != Elsewhere
}

// kept reports whether an object is an image that a run has kept from being lost to
// the user. It goes when its name is restored; if the note about that is lost, it
// stays.
func (x Object) kept() bool { return x.Kind == "image" && env.IsBackup(x.Name) }

func containers(ctx context.Context, engine *client.Client) ([]Object, error) {
	all, err := engine.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	var objects []Object
	for _, c := range all {
		name := c.ID[:12]
		if len(c.Names) > 0 {
			name = strings.TrimPrefix(c.Names[0], "/")
		}
		object := Object{Kind: "container", Name: name, ID: c.ID, Run: c.Labels[env.RunLabel], State: builderState(name, c), uses: volumesOf(c)}
		if object.Run == "" {
			object.Run = owner(ownedName, name)
		}
		if object.Run == "" {
			if object.Run, err = probing(ctx, engine, c); err != nil {
				return nil, fmt.Errorf("inspect container %s: %w", name, err)
			}
			object.probe, object.created = object.Run != "", time.Unix(c.Created, 0)
		}
		objects = append(objects, object)
	}
	return objects, nil
}

func volumes(ctx context.Context, engine *client.Client) ([]Object, error) {
	all, err := engine.VolumeList(ctx, volume.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	var objects []Object
	for _, v := range all.Volumes {
		objects = append(objects, Object{Kind: "volume", Name: v.Name, ID: v.Name, Run: owner(ownedName, v.Name), State: v.CreatedAt})
	}
	return objects, nil
}

func images(ctx context.Context, engine *client.Client) ([]Object, error) {
	all, err := engine.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	var objects []Object
	for _, i := range all {
		for _, tag := range without(i.RepoTags, untagged) {
			objects = append(objects, Object{Kind: "image", Name: tag, ID: tag, Run: owner(ownedImage, tag), State: i.ID})
		}
		if object, ok := nameless(i); ok {
			objects = append(objects, object)
		}
	}
	return objects, nil
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
	object := Object{Kind: "image", Name: i.ID, ID: i.ID, Run: i.Labels[env.RunLabel]}
	if len(i.RepoDigests) > 0 && object.Run == "" {
		object.Name = i.RepoDigests[0]
		object.Run = owner(ownedImage, object.Name)
	}
	return object, true
}

func volumesOf(c container.Summary) []string {
	var names []string
	for _, mount := range c.Mounts {
		if mount.Name != "" {
			names = append(names, mount.Name)
		}
	}
	return names
}

// builderState returns the state of a container of a builder. The state of any
// other container is its owner's business.
func builderState(name string, c container.Summary) string {
	if !strings.HasPrefix(name, env.NodePrefix) {
		return ""
	}
	return c.State
}

func without(all []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == one })
}

func folders() []Object {
	var objects []Object
	for _, dir := range env.Folders() {
		if run := owner(ownedName, filepath.Base(dir)); run != "" {
			objects = append(objects, Object{Kind: "folder", Name: dir, ID: dir, Run: run})
		}
	}
	return objects
}

// Of keeps what belongs to one run.
func Of(run string, objects []Object) []Object {
	return slices.DeleteFunc(slices.Clone(objects), func(x Object) bool { return x.Run != run })
}

// State says whether a run is still live.
type State string

const (
	// Live: the run's process holds its folder's lock.
	Live State = "live"
	// Dead: the folder is there and its lock is free.
	Dead State = "dead"
	// Elsewhere: this machine has no such folder, so the run may belong to another
	// machine that shares the engine.
	Elsewhere State = "elsewhere"
)

// StateOf looks at the lock that a run on this machine holds in its folder.
func StateOf(run string) State {
	dir := filepath.Join(os.TempDir(), env.Prefix+run)
	if _, err := os.Stat(dir); err != nil {
		return Elsewhere
	}
	if env.IsLive(dir) {
		return Live
	}
	return Dead
}

// Remove removes objects: containers before the volumes they use, folders last.
// What is already gone is fine; other failures are collected. While anything else
// remains the folders stay, since they show that a run is dead.
func Remove(ctx context.Context, objects []Object) error {
	var errs []error
	for _, object := range objects {
		if object.Kind == "folder" && len(errs) > 0 {
			continue
		}
		if err := remove(ctx, object); err != nil && !cerrdefs.IsNotFound(err) {
			errs = append(errs, fmt.Errorf("remove %s: %w", object, err))
		}
	}
	return errors.Join(errs...)
}

func remove(ctx context.Context, object Object) error {
	switch object.Kind {
	case "container":
		return object.engine.ContainerRemove(ctx, object.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	case "volume":
		return object.engine.VolumeRemove(ctx, object.ID, true)
	case "image":
		_, err := object.engine.ImageRemove(ctx, object.ID, image.RemoveOptions{Force: true, PruneChildren: true})
		return err
	default:
		return removeFolder(ctx, object.ID)
	}
}
