package script

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"builders.test/helpers/env"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/image"
	"golang.org/x/tools/txtar"
)

// A script may give images any name, with --load, docker tag or what it starts.
// When it ends, each name is restored. Names that a command shows beforehand are
// noted, so that they are restored even if the run is killed. The others are found
// at the end: an image is the script's if its evidence names the image by its id.
// Undecided cases are reported.

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
		if tag := slices.Index(args, "tag"); tag >= 0 && tag <= 1 && len(args) > tag+1 {
			all = append(all, args[len(args)-1])
		}
	}
	return slices.DeleteFunc(all, func(name string) bool { return strings.Contains(name, "$") })
}

// names maps the names of an engine's images to their ids; those without a name are
// listed by their id.
type names map[string]string

func (r *runner) names(ctx context.Context) (names, error) {
	all, err := r.t.Env.Client.ImageList(ctx, image.ListOptions{})
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

// watchImages notes what there is, and registers the check for what has changed.
func (r *runner) watchImages(s Script) {
	before, err := r.names(r.t.Context())
	r.t.EnvironmentOK(err, "list the images before the script")
	r.t.Cleanup(func() {
		r.t.Undo("names of images", func(ctx context.Context) error { return r.undo(ctx, before, s) })
	})
	source, err := os.ReadFile(s.Path)
	r.t.EnvironmentOK(err, "read the script")
	r.t.EnvironmentOK(r.take(namesExecuted(source)), "note the images that the script names")
}

// take notes names that a command is about to give.
func (r *runner) take(given []string) error {
	for _, name := range given {
		ref := familiar(name)
		if ref == "" || r.taken[ref] || strings.HasPrefix(ref, env.ImagePrefix(r.t.Env.Run)) {
			continue
		}
		restore, err := r.t.Env.SaveTagFor(r.t.Context(), ref)
		if err != nil {
			r.t.EnvironmentFailed("%v", err)
		}
		r.taken[ref] = true
		r.t.Cleanup(func() {
			r.noteOwn(ref)
			r.t.Undo("the name "+ref, restore)
		})
	}
	return nil
}

// noteOwn notes which image has a name that the script gave, before another one has it
// again.
func (r *runner) noteOwn(ref string) {
	if one, err := r.t.Env.Client.ImageInspect(context.WithoutCancel(r.t.Context()), ref); err == nil {
		r.own[one.ID] = true
	}
}

// undo restores the image names that the script changed, as far as it is certain
// that the script did so, and then removes the images without a name.
func (r *runner) undo(ctx context.Context, before names, s Script) error {
	source, err := os.ReadFile(s.Path)
	if err != nil {
		return err
	}
	var unsure []string
	err = r.eachNew(ctx, before, func(name, id string) error {
		switch {
		case name == id:
		case r.said(id) && r.mentions(string(source), name):
			// Two scripts may build the same image under different names.
			return r.restore(ctx, name, before[name])
		case commanded(source, name):
			unsure = append(unsure, name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(unsure) > 0 {
		r.t.Fact("images that the script may have left", strings.Join(unsure, ", "))
	}
	return r.eachNew(ctx, before, func(name, id string) error {
		if name == id && (r.own[id] || r.said(id)) {
			return r.restore(ctx, name, "")
		}
		return nil
	})
}

// eachNew visits the names that have changed and that no run takes care of on its
// own.
func (r *runner) eachNew(ctx context.Context, before names, do func(name, id string) error) error {
	after, err := r.names(ctx)
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
func (r *runner) said(text string) bool {
	held, err := r.t.Evidence.Holds(text)
	return held && err == nil
}

// mentions reports whether the script, or the output of its commands, names an
// image's repository.
func (r *runner) mentions(source, name string) bool {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return false
	}
	repository := reference.FamiliarName(named)
	return strings.Contains(source, repository) || r.said(repository)
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

func (r *runner) restore(ctx context.Context, name, was string) error {
	if was != "" {
		if err := r.t.Env.Client.ImageTag(ctx, was, name); err != nil {
			return fmt.Errorf("restore %s: %w", name, err)
		}
		return nil
	}
	_, err := r.t.Env.Client.ImageRemove(ctx, name, image.RemoveOptions{PruneChildren: true})
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
