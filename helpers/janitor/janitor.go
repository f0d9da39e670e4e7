package janitor

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/env"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
)

// Object is something on an engine or on this machine that a run may own.
type Object struct {
	// Kind is container, volume, network, image or folder.
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

var ownedName = regexp.MustCompile(`^(?:` + env.NodePrefix + `)?` + env.Prefix + `([0-9a-f]{8})(?:-|$)`)

// owner returns the id of the run that a name belongs to, or empty.
func owner(pattern *regexp.Regexp, name string) string {
	if match := pattern.FindStringSubmatch(name); match != nil {
		return match[1]
	}
	return ""
}

// ownerOf returns the id of the run whose label an object has, or that its name tells.
func ownerOf(labels map[string]string, name string) string {
	return cmp.Or(labels[env.RunLabel], owner(ownedName, name))
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
		object := Object{Kind: "container", Name: name, ID: c.ID, Run: ownerOf(c.Labels, name), State: builderState(name, c), uses: volumesOf(c)}
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
		objects = append(objects, Object{Kind: "volume", Name: v.Name, ID: v.Name, Run: ownerOf(v.Labels, v.Name), State: v.CreatedAt})
	}
	return objects, nil
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
