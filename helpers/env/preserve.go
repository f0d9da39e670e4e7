package env

import (
	"context"
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
// unless another unfinished run has saved it, too: then the last of them does.
type savedTag struct {
	// Host is the engine, Ref the name.
	Host, Ref string
	// Was is the id of the image that had the name before any of the runs, or empty
	// if none had it.
	Was string
	// Backup is another name that the run gives that image, so that it is not lost
	// while Ref names another one.
	Backup string
	// Had are the ids of all images on the engine.
	Had []string
	// Stays says that what had to be pulled is kept, as the testbed wants it, so that the
	// next run is faster.
	Stays bool

	// moved is the image that had the name when the run came to its end.
	moved string
}

// tagKind is the kind of the notes about saved tags.
const tagKind = "image-tag"

// backupLabel is part of the names of images that are kept for the user.
const backupLabel = "kept"

// IsBackup reports whether an image's name is one that keeps it for the user.
// Only restoring the tag removes such a name.
func IsBackup(name string) bool {
	name, ours := strings.CutPrefix(name, imagePlace)
	_, rest, _ := strings.Cut(name, "/")
	return ours && strings.HasPrefix(rest, backupLabel+":")
}

// SaveTag is called before an image is pulled: the run notes, once for each name,
// which image has the name, and restores that when it ends.
func (e *Environment) SaveTag(ctx context.Context, ref string) error {
	_, err := e.save(ctx, savedTag{Host: e.Engine.Host, Ref: ref, Stays: e.Testbed.KeepImages})
	return err
}

// SaveTagFor is [Environment.SaveTag] for a name that a spec is about to give to its own
// image: restore gives the name back before the run ends, whatever the testbed keeps. If
// the run has saved the name already, it stays so until the run ends, and restore does
// nothing.
func (e *Environment) SaveTagFor(ctx context.Context, ref string) (restore func(context.Context) error, err error) {
	note, err := e.save(ctx, savedTag{Host: e.Engine.Host, Ref: ref})
	return func(ctx context.Context) error {
		if note == nil {
			return nil
		}
		return TagHandler().Do(ctx, *note)
	}, err
}

// save returns the note, or nil if the run has saved the name already.
func (e *Environment) save(ctx context.Context, tag savedTag) (note *undo.Note, err error) {
	e.saving.Lock()
	defer e.saving.Unlock()
	if _, ok := undo.Find(e.Dir, tagKind, tag.key()); ok {
		return nil, nil
	}
	err = exclusively(ctx, func() error {
		err := tag.inspect(ctx, e)
		if err == nil {
			// The note comes first: without one, a backup name could not be explained.
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

// BeforeRestore notes, before the saved tags are restored, which images have
// them, for [Environment.Unrestored].
func (e *Environment) BeforeRestore(ctx context.Context) error {
	e.saving.Lock()
	defer e.saving.Unlock()
	return e.eachTag(func(tag *savedTag, engine *client.Client) (err error) {
		tag.moved, err = idOf(ctx, engine, tag.Ref)
		return err
	})
}

// Unrestored lists the tags that still name what the runs made of them after all were
// restored, although no run needs them anymore. It leaves out what the user has made
// of them.
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
	if _, needed, err := backupBeside(ctx, engine, runOf(dir), tag.Ref); needed || err != nil {
		return false, err
	}
	was, err := idOf(ctx, engine, tag.Was)
	return was != "", err
}

// runOf returns the id of the run whose folder this is.
func runOf(dir string) string { return strings.TrimPrefix(filepath.Base(dir), Prefix) }

// key distinguishes the same name on two engines.
func (tag savedTag) key() string { return tag.Host + " " + tag.Ref }

// savedBeside returns the same tag as saved by another live run that has not
// begun to restore it.
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

// FolderOf returns the folder of a run on this machine, which may be gone.
func FolderOf(run string) string { return filepath.Join(os.TempDir(), Prefix+run) }

// Folders returns the folders of all runs on this machine.
func Folders() []string {
	// If the temporary folder cannot be listed, there are none.
	entries, _ := os.ReadDir(os.TempDir())
	var all []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), Prefix) {
			all = append(all, filepath.Join(os.TempDir(), entry.Name()))
		}
	}
	return all
}

// SavedTags lists the names of images that the run with this folder has saved.
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

// TagHandler restores saved tags. If another run of the same user has saved one,
// too, the last of them restores it.
func TagHandler() undo.Handler {
	return undo.Handler{
		Kind:  tagKind,
		Undo:  restoreTag,
		Alone: func(ctx context.Context, _ undo.Note, do func() error) error { return exclusively(ctx, do) },
	}
}

// restoreTag removes the backup last: until the name is restored, it may be all that
// is left of the image. It does not rely on another user's run, which may or may not
// be live.
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
		// The user removed the image, for example with docker image prune: there is
		// nothing to give the name back to.
		return tag.remove(ctx, engine)
	}
	if err != nil {
		return err
	}
	if found == "" || slices.Contains(tag.Had, found) {
		return nil
	}
	// What was pulled in between has lost this name, but may have others.
	after, err := engine.ImageInspect(ctx, found)
	if cerrdefs.IsNotFound(err) || err == nil && len(after.RepoTags) > 0 {
		return nil
	}
	return errors.Join(err, removeImage(ctx, engine, found))
}

// remove removes what had to be pulled.
func (tag savedTag) remove(ctx context.Context, engine *client.Client) error {
	if tag.Stays {
		return nil
	}
	return removeImage(ctx, engine, tag.Ref)
}

// removeImage removes an image or one of its names. It may be gone already; an
// image that a user's container uses stays.
func removeImage(ctx context.Context, engine *client.Client, ref string) error {
	_, err := engine.ImageRemove(ctx, ref, image.RemoveOptions{PruneChildren: true})
	if cerrdefs.IsNotFound(err) || cerrdefs.IsConflict(err) {
		return nil
	}
	return err
}
