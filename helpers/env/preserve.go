package env

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/undo"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

// savedTag is a name of an image that a run may pull, or see move to another
// image, on an engine that may be the user's. The run restores it as it was,
// unless another run that still goes on has saved it, too: then the last of them
// does.
type savedTag struct {
	// Host is the engine, Ref the name.
	Host, Ref string
	// Was is the id of the image that had the name before any of the runs, or
	// empty if none had.
	Was string
	// Backup is a name that the run gives to that image, so that it outlives the
	// time in which Ref names another.
	Backup string
	// Had are the ids of all images on the engine.
	Had []string
	// Stays says that what had to be pulled is left, as the testbed wants it, so that the
	// next run is faster.
	Stays bool

	// moved is the image that had the name when the run came to its end.
	moved string
}

// tagKind is the kind of the notes about saved tags.
const tagKind = "image-tag"

// backupLabel is in the names of images that are kept for the user.
const backupLabel = "kept"

// IsBackup reports whether an image's name is one that keeps it for the user.
// Such a name goes when the tag is restored, and by nothing else.
func IsBackup(name string) bool {
	name, ours := strings.CutPrefix(name, imagePlace)
	_, rest, _ := strings.Cut(name, "/")
	return ours && strings.HasPrefix(rest, backupLabel+":")
}

// SaveTag is called before an image is pulled: the run notes what has its name
// now, once for each name, and restores it when it ends.
func (e *Environment) SaveTag(ctx context.Context, ref string) error {
	_, err := e.save(ctx, savedTag{Host: e.Engine.Host, Ref: ref, Stays: e.Testbed.KeepImages})
	return err
}

// SaveTagFor is [Environment.SaveTag] for a name that a spec is about to give to an
// image of its own: restore makes the name what it was before the run is over,
// whatever the testbed keeps. Where the run has saved the name already, it stays so until
// the run ends, and restore does nothing.
func (e *Environment) SaveTagFor(ctx context.Context, ref string) (restore func(context.Context) error, err error) {
	note, err := e.save(ctx, savedTag{Host: e.Engine.Host, Ref: ref})
	return func(ctx context.Context) error {
		if note == nil {
			return nil
		}
		return TagHandler().Do(ctx, *note)
	}, err
}

// save returns the note; none if the run has saved the name already.
func (e *Environment) save(ctx context.Context, tag savedTag) (note *undo.Note, err error) {
	e.saving.Lock()
	defer e.saving.Unlock()
	if _, ok := undo.Find(e.Dir, tagKind, tag.key()); ok {
		return nil, nil
	}
	err = exclusively(ctx, func() error {
		err := tag.inspect(ctx, e)
		if err == nil {
			// The note comes first: a name without one could not be explained.
			note, err = e.Undo.Write(tagKind, tag.key(), tag)
		}
		if err != nil {
			return fmt.Errorf("record which image is called %s: %w", tag.Ref, err)
		}
		e.saved = append(e.saved, tag)
		if tag.Backup == "" {
			return nil
		}
		return e.Client.ImageTag(ctx, tag.Was, tag.Backup)
	})
	return note, err
}

// BeforeRestore notes what the saved tags are, before they are restored, for
// [Environment.Unrestored].
func (e *Environment) BeforeRestore(ctx context.Context) error {
	e.saving.Lock()
	defer e.saving.Unlock()
	return e.eachTag(func(tag *savedTag, engine *client.Client) (err error) {
		tag.moved, err = idOf(ctx, engine, tag.Ref)
		return err
	})
}

// Unrestored lists the tags that, after all were restored, are still what the runs had
// made of them, although no run needs them anymore. What the user has made of them is
// not among them.
func (e *Environment) Unrestored(ctx context.Context) ([]string, error) {
	e.saving.Lock()
	defer e.saving.Unlock()
	var names []string
	err := exclusively(ctx, func() error {
		return e.eachTag(func(tag *savedTag, engine *client.Client) error {
			still, err := tag.unrestored(ctx, engine, e.Dir)
			if still {
				names = append(names, tag.Ref)
			}
			return err
		})
	})
	return names, err
}

func (e *Environment) eachTag(do func(*savedTag, *client.Client) error) error {
	for i := range e.saved {
		engine, err := Dial(e.saved[i].Host)
		if err != nil {
			return err
		}
		if err := errors.Join(do(&e.saved[i], engine), engine.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (tag savedTag) unrestored(ctx context.Context, engine *client.Client, dir string) (bool, error) {
	if tag.Was == "" || tag.moved == tag.Was || tag.moved == "" {
		return false, nil
	}
	if _, needed := tag.savedBeside(dir); needed {
		return false, nil
	}
	is, err := idOf(ctx, engine, tag.Ref)
	if err != nil || is != tag.moved {
		return false, err
	}
	// Another user's run may need it, and the user may have removed the image.
	all, err := engine.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return false, err
	}
	_, needed := backupBeside(all, runOf(dir), tag.Ref)
	return !needed && slices.ContainsFunc(all, func(one image.Summary) bool { return one.ID == tag.Was }), nil
}

// runOf is the id of the run whose folder this is.
func runOf(dir string) string { return strings.TrimPrefix(filepath.Base(dir), Prefix) }

// key distinguishes the same name on two engines.
func (tag savedTag) key() string { return tag.Host + " " + tag.Ref }

// inspect finds out what has a name. Where another run has saved it before, that is
// what was found then.
func (tag *savedTag) inspect(ctx context.Context, e *Environment) error {
	if earlier, ok := tag.savedBeside(e.Dir); ok {
		tag.Was, tag.Had = earlier.Was, earlier.Had
	} else if err := tag.ask(ctx, e.Client, e.Run); err != nil {
		return err
	}
	// A digest names one image for ever.
	if tag.Was != "" && !strings.Contains(tag.Ref, "@") {
		tag.Backup = backupName(e.Run, tag.Ref)
	}
	return nil
}

// ask asks the engine what has the name, and for the backup of another user's run,
// which is of the image that had the name before that run: its notes are not for
// others to read, and its lock is not this one. It makes the backup before it moves a
// name, and restores the name before it removes the backup; so as long as the name
// stays what it is while the engine is asked, the answers belong together.
func (tag *savedTag) ask(ctx context.Context, engine *client.Client, run string) error {
	for {
		before, err := idOf(ctx, engine, tag.Ref)
		if err != nil {
			return err
		}
		all, err := engine.ImageList(ctx, image.ListOptions{})
		if err != nil {
			return err
		}
		after, err := idOf(ctx, engine, tag.Ref)
		if err != nil {
			return err
		}
		if before != after {
			continue
		}
		tag.Was = before
		if backup, ok := backupBeside(all, run, tag.Ref); ok {
			tag.Was = backup
		}
		for _, one := range all {
			tag.Had = append(tag.Had, one.ID)
		}
		return nil
	}
}

// idOf is the id of the image that has a name, or empty.
func idOf(ctx context.Context, engine *client.Client, ref string) (string, error) {
	found, err := engine.ImageInspect(ctx, ref)
	if cerrdefs.IsNotFound(err) {
		return "", nil
	}
	return found.ID, err
}

// backupName is under which name a run keeps the image that had another. It says
// for which name.
func backupName(run, ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return ImagePrefix(run) + fmt.Sprintf("%s:%x", backupLabel, sum[:8])
}

// backupBeside is the image that another run on this machine, which goes on as far
// as can be told, keeps for a name.
func backupBeside(all []image.Summary, run, ref string) (id string, ok bool) {
	for _, one := range all {
		for _, tag := range one.RepoTags {
			other, _, _ := strings.Cut(strings.TrimPrefix(tag, imagePlace), "/")
			if IsBackup(tag) && other != run && tag == backupName(other, ref) && IsLive(filepath.Join(os.TempDir(), Prefix+other)) {
				return one.ID, true
			}
		}
	}
	return "", false
}

// savedBeside is the same tag as another run saved it that still goes on and has
// not begun to restore it.
func (tag savedTag) savedBeside(dir string) (savedTag, bool) {
	for _, other := range Folders() {
		note, ok := undo.Find(other, tagKind, tag.key())
		var theirs savedTag
		if ok && other != dir && !note.Undoing() && IsLive(other) && note.Read(&theirs) == nil {
			return theirs, true
		}
	}
	return savedTag{}, false
}

// Folders are those of all runs on this machine.
func Folders() []string {
	// Where the temporary folder cannot be listed, there is none.
	entries, _ := os.ReadDir(os.TempDir())
	var all []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), Prefix) {
			all = append(all, filepath.Join(os.TempDir(), entry.Name()))
		}
	}
	return all
}

// SavedTags lists the names of images that a run has saved, by its folder.
func SavedTags(dir string) []string {
	var refs []string
	for _, note := range undo.Of(dir, tagKind) {
		var tag savedTag
		if note.Read(&tag) == nil {
			refs = append(refs, tag.Ref)
		}
	}
	return refs
}

// TagHandler restores saved tags. Where another run of the same user has saved one,
// too, the last of them restores it.
func TagHandler() undo.Handler {
	return undo.Handler{
		Kind:  tagKind,
		Undo:  restoreTag,
		Alone: func(ctx context.Context, _ undo.Note, do func() error) error { return exclusively(ctx, do) },
	}
}

// restoreTag removes the backup last: until the name is restored, it may be all that
// there is of the image. Another user's run is not relied on: it is unknown whether it
// goes on.
func restoreTag(ctx context.Context, note undo.Note) error {
	var tag savedTag
	if err := note.Read(&tag); err != nil {
		return err
	}
	engine, err := Dial(tag.Host)
	if err != nil {
		return err
	}
	defer engine.Close()
	if _, needed := tag.savedBeside(note.Run()); !needed {
		if err := tag.restore(ctx, engine); err != nil {
			return fmt.Errorf("point %s to its previous image: %w", tag.Ref, err)
		}
	}
	if tag.Backup == "" {
		return nil
	}
	if err := removeImage(ctx, engine, tag.Backup); err != nil {
		return fmt.Errorf("let go of %s: %w", tag.Backup, err)
	}
	return nil
}

func (tag savedTag) restore(ctx context.Context, engine *client.Client) error {
	found, err := idOf(ctx, engine, tag.Ref)
	if err != nil {
		return err
	}
	switch {
	case found == tag.Was:
		return nil
	case tag.Was == "":
		return tag.remove(ctx, engine)
	}
	err = engine.ImageTag(ctx, tag.Was, tag.Ref)
	if cerrdefs.IsNotFound(err) {
		// The user took the image away, by docker image prune for one: there is
		// nothing to give the name back to.
		return tag.remove(ctx, engine)
	}
	if err != nil {
		return err
	}
	if found == "" || slices.Contains(tag.Had, found) {
		return nil
	}
	// What was pulled in between has lost its name. It may have others.
	after, err := engine.ImageInspect(ctx, found)
	if cerrdefs.IsNotFound(err) || err == nil && len(after.RepoTags) > 0 {
		return nil
	}
	return errors.Join(err, removeImage(ctx, engine, found))
}

// remove takes away what had to be pulled.
func (tag savedTag) remove(ctx context.Context, engine *client.Client) error {
	if tag.Stays {
		return nil
	}
	return removeImage(ctx, engine, tag.Ref)
}

// removeImage takes an image or one of its names away. One that is gone is fine,
// and so is one that a user's container uses: it stays.
func removeImage(ctx context.Context, engine *client.Client, ref string) error {
	_, err := engine.ImageRemove(ctx, ref, image.RemoveOptions{PruneChildren: true})
	if cerrdefs.IsNotFound(err) || cerrdefs.IsConflict(err) {
		return nil
	}
	return err
}
