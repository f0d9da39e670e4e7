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

// Thing is one object that a run owns.
type Thing struct {
	// Kind is container, volume, image or folder.
	Kind string
	// Name is how people know it; ID is what removes it.
	Name, ID string
	// Run is the id of the run that owns it, or empty for what is somebody
	// else's.
	Run string
	// State is what must not change if it is somebody else's.
	State string

	engine *client.Client
	// probe tells that it is one of buildx's, created at this time.
	probe   bool
	created time.Time
	// uses are the volumes of a container.
	uses []string
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
	return append(things, folders()...), nil
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
			if thing.Run == "" || goesWithFolder(thing) {
				continue
			}
			thing.engine = engine
			things = append(things, thing)
		}
	}
	return things, nil
}

// goesWithFolder tells whether a thing is an image that a run keeps for somebody.
// The note that says for whom is in the run's folder.
func goesWithFolder(thing Thing) bool {
	return thing.kept() && StateOf(thing.Run) != Elsewhere
}

// kept tells whether a thing is somebody's image that a run has kept from being
// lost. Nobody removes it who does not give it back: where the note about it is
// lost, it stays.
func (x Thing) kept() bool { return x.Kind == "image" && env.IsBackup(x.Name) }

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
		thing := Thing{Kind: "container", Name: name, ID: c.ID, Run: c.Labels[env.RunLabel], State: builderState(name, c), uses: volumesOf(c)}
		if thing.Run == "" {
			thing.Run = owner(ownedName, name)
		}
		if thing.Run == "" {
			if thing.Run, err = probing(ctx, engine, c); err != nil {
				return nil, fmt.Errorf("inspect container %s: %w", name, err)
			}
			thing.probe, thing.created = thing.Run != "", time.Unix(c.Created, 0)
		}
		things = append(things, thing)
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
		things = append(things, Thing{Kind: "volume", Name: v.Name, ID: v.Name, Run: owner(ownedName, v.Name), State: v.CreatedAt})
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
		for _, tag := range without(i.RepoTags, nowhere) {
			things = append(things, Thing{Kind: "image", Name: tag, ID: tag, Run: owner(ownedImage, tag), State: i.ID})
		}
		if thing, ok := nameless(i); ok {
			things = append(things, thing)
		}
	}
	return things, nil
}

// nowhere is how older engines write that an image has no name.
const nowhere = "<none>:<none>"

// nameless is an image without a name. A run owns it if it carries the run's
// label, or was pulled from a registry of the run's and its name went to another
// platform of it.
func nameless(i image.Summary) (Thing, bool) {
	if len(without(i.RepoTags, nowhere)) > 0 {
		return Thing{}, false
	}
	thing := Thing{Kind: "image", Name: i.ID, ID: i.ID, Run: i.Labels[env.RunLabel]}
	if len(i.RepoDigests) > 0 && thing.Run == "" {
		thing.Name = i.RepoDigests[0]
		thing.Run = owner(ownedImage, thing.Name)
	}
	return thing, true
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

// builderState tells whether a builder of buildx's runs. Whether any other
// container does is for its owner to know.
func builderState(name string, c container.Summary) string {
	if !strings.HasPrefix(name, "buildx_buildkit_") {
		return ""
	}
	return c.State
}

func without(all []string, one string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == one })
}

func folders() []Thing {
	var things []Thing
	for _, dir := range env.Folders() {
		if run := owner(ownedName, filepath.Base(dir)); run != "" {
			things = append(things, Thing{Kind: "folder", Name: dir, ID: dir, Run: run})
		}
	}
	return things
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
	if env.IsLive(dir) {
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
