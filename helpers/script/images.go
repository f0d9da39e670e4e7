package script

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"builders.test/helpers/env"
	"builders.test/helpers/spec"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"golang.org/x/tools/txtar"
)

// A script may give images any name, with --load, docker tag or what it starts.
// When it ends, each name is restored. Names that the relay sees, or that a command
// shows beforehand, are noted, so that they are restored even if the run is killed. What
// the engine's own BuildKit names is seen by neither if a program of the user's builds
// there; that is found at the end: an image is the script's if its evidence names the
// image by its id. Undecided cases are reported.

// namesExecuted returns the names that docker commands of a script's exec lines say they
// give to images. What buildx reports about a build may be incomplete, so its output does
// not always have them.
func namesExecuted(source []byte) []string {
	var all []string
	for line := range strings.Lines(string(txtar.Parse(source).Comment)) {
		words := strings.Fields(line)
		at := slices.Index(words, "docker")
		if at < 1 || words[at-1] != "exec" {
			continue
		}
		args := words[at+1:]
		all = append(all, namesInFlags(args)...)
	}
	return slices.DeleteFunc(all, func(name string) bool { return strings.Contains(name, "$") })
}

// names maps the names of an engine's images to their ids; those without a name are
// listed by their id.
type names map[string]string

func listNames(ctx context.Context, engine *client.Client) (names, error) {
	all, err := engine.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	found := names{}
	for _, one := range all {
		named := false
		for _, tag := range one.RepoTags {
			if tag != "<none>:<none>" {
				found[tag], named = one.ID, true
			}
		}
		if !named {
			found[one.ID] = one.ID
		}
	}
	return found, nil
}

// imageNames are the names of images that a script gives, takes away or gives to others.
type imageNames struct {
	t *spec.T
	s Script
	// turns keep scripts that give the same names apart.
	turns *turns

	mu sync.Mutex
	// taken are the names that the script was about to give to images.
	taken map[string]bool
	// own are the ids of images that had these names.
	own map[string]bool
	// restores give the names back, the first one last.
	restores []func(context.Context) error
}

// watchImages notes what there is, and registers the check for what has changed.
func watchImages(t *spec.T, s Script) *imageNames {
	turns, err := env.Shared(t.Env, "names that scripts give to images", newTurns)
	t.EnvironmentOK(err, "keep scripts apart")
	n := &imageNames{t: t, s: s, turns: turns, taken: map[string]bool{}, own: map[string]bool{}}
	before, err := listNames(t.Context(), t.Env.Client)
	t.EnvironmentOK(err, "list the images before the script")
	t.Cleanup(func() {
		n.restoreAll()
		t.Undo("names of images", func(ctx context.Context) error { return n.undo(ctx, before) })
		turns.end(n)
	})
	source, err := os.ReadFile(s.Path)
	t.EnvironmentOK(err, "read the script")
	t.EnvironmentOK(n.take(t.Context(), namesExecuted(source)...), "note the images that the script names")
	return n
}

// Given is called before a name is given to an image of the script's, or taken away.
func (n *imageNames) Given(ctx context.Context, ref string) error { return n.take(ctx, ref) }

// Pulled is called before an image is pulled. Other claims may use it, too, so its name is
// restored when the run ends.
func (n *imageNames) Pulled(ctx context.Context, ref string) error {
	ref = familiar(ref)
	if ref == "" {
		return nil
	}
	return n.t.Env.SaveTag(ctx, ref)
}

// take notes names that a command is about to give.
func (n *imageNames) take(ctx context.Context, given ...string) error {
	for _, name := range given {
		ref := familiar(name)
		if ref == "" || strings.HasPrefix(ref, env.ImagePrefix(n.t.Env.Run)) {
			continue
		}
		if n.noteAgain(ref) {
			continue
		}
		if err := n.turns.take(ctx, n, ref); err != nil {
			return err
		}
		restore, err := n.t.Env.SaveTagFor(ctx, ref)
		if err != nil {
			return err
		}
		n.mu.Lock()
		n.taken[ref] = true
		n.restores = append(n.restores, func(ctx context.Context) error {
			n.noteOwn(ref)
			return restore(ctx)
		})
		n.mu.Unlock()
	}
	return nil
}

// noteAgain reports whether the script has given a name before, and notes the image that
// has had it since.
func (n *imageNames) noteAgain(ref string) bool {
	n.mu.Lock()
	taken := n.taken[ref]
	n.mu.Unlock()
	if taken {
		n.noteOwn(ref)
	}
	return taken
}

// noteOwn notes which image has a name that the script gave, before another one has it
// again.
func (n *imageNames) noteOwn(ref string) {
	if one, err := n.t.Env.Client.ImageInspect(context.WithoutCancel(n.t.Context()), ref); err == nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.own[one.ID] = true
	}
}

// restoreAll gives every name back.
func (n *imageNames) restoreAll() {
	n.mu.Lock()
	restores := slices.Clone(n.restores)
	n.mu.Unlock()
	for _, restore := range slices.Backward(restores) {
		n.t.Undo("a name of an image", restore)
	}
}

// undo restores the image names that the script changed, as far as it is certain
// that the script did so, and then removes the images without a name.
func (n *imageNames) undo(ctx context.Context, before names) error {
	source, err := os.ReadFile(n.s.Path)
	if err != nil {
		return err
	}
	var unsure []string
	err = n.eachNew(ctx, before, func(name, id string) error {
		switch {
		case name == id:
		case n.said(id) && n.mentions(string(source), name):
			// Two scripts may build the same image under different names.
			return n.restore(ctx, name, before[name])
		case commanded(source, name):
			unsure = append(unsure, name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(unsure) > 0 {
		n.t.Fact("images that the script may have left", strings.Join(unsure, ", "))
	}
	return n.eachNew(ctx, before, func(name, id string) error {
		if name == id && (n.own[id] || n.said(id)) {
			return n.restore(ctx, name, "")
		}
		return nil
	})
}

// eachNew visits the names that have changed and that no run takes care of on its
// own.
func (n *imageNames) eachNew(ctx context.Context, before names, do func(name, id string) error) error {
	after, err := listNames(ctx, n.t.Env.Client)
	if err != nil {
		return err
	}
	saved := savedByRuns()
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if before[name] == after[name] || ofARun(name) || saved[name] {
			continue
		}
		if err := do(name, after[name]); err != nil {
			return err
		}
	}
	return nil
}

// said reports whether the script's evidence contains a text. Evidence that
// cannot be read counts as not containing it.
func (n *imageNames) said(text string) bool {
	held, err := n.t.Evidence.Holds(text)
	return held && err == nil
}

// mentions reports whether the script, or the output of its commands, names an
// image's repository.
func (n *imageNames) mentions(source, name string) bool {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return false
	}
	repository := reference.FamiliarName(named)
	return strings.Contains(source, repository) || n.said(repository)
}

// commanded reports whether a command of the script contains the name. A name in
// a Dockerfile does not count: builds leave no base image on the engine.
func commanded(source []byte, name string) bool {
	for line := range strings.Lines(string(txtar.Parse(source).Comment)) {
		words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\n'\",=", r) })
		if !strings.HasPrefix(line, "#") && slices.ContainsFunc(words, func(word string) bool { return familiar(word) == name }) {
			return true
		}
	}
	return false
}

func (n *imageNames) restore(ctx context.Context, name, was string) error {
	if was != "" {
		if err := n.t.Env.Client.ImageTag(ctx, was, name); err != nil {
			return fmt.Errorf("restore %s: %w", name, err)
		}
		return nil
	}
	_, err := n.t.Env.Client.ImageRemove(ctx, name, image.RemoveOptions{PruneChildren: true})
	if err != nil && !cerrdefs.IsNotFound(err) {
		return fmt.Errorf("remove the image %s, which the script left: %w", name, err)
	}
	return nil
}

// ofARun reports whether a name contains a run's id: that run removes it.
func ofARun(name string) bool {
	_, rest, _ := strings.Cut(name, "/")
	return strings.HasPrefix(rest, env.Prefix)
}

// savedByRuns returns the names that runs on this machine restore themselves.
func savedByRuns() map[string]bool {
	all := map[string]bool{}
	for _, folder := range env.Folders() {
		for _, ref := range env.SavedTags(folder) {
			all[ref] = true
		}
	}
	return all
}

// loaded returns a mistake if nothing gave an image to a name that the script got by `image`.
func (r *runner) loaded(ref string) error {
	if !strings.HasPrefix(ref, env.ImagePrefix(r.t.Env.Run)) {
		return nil
	}
	_, err := r.t.Env.Client.ImageInspect(r.t.Context(), ref)
	if cerrdefs.IsNotFound(err) {
		return mistake{fmt.Errorf("the engine has no image %s: did the build have --load, and -t with this name?", ref)}
	}
	return nil // docker says it better
}
