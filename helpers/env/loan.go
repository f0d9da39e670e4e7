package env

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

// A loan is a name of an image that a run may pull, or see move to another
// image, on an engine that may be somebody's. The run gives the name back as it
// was, unless another run that still goes on has borrowed it, too: then the last
// of them does.
type loan struct {
	// Host is the engine, Ref the name.
	Host, Ref string
	// Was is the id of the image that had the name before any of the runs, or
	// empty if none had.
	Was string
	// Kept is a name that the run gives to that image, so that it outlives the
	// time in which Ref names another.
	Kept string
	// Had are the ids of all images on the engine.
	Had []string
	// Stays tells that what had to be pulled is left: the lab is ours, and the
	// next run is faster.
	Stays bool

	// moved is the image that had the name when the run came to its end.
	moved string
}

// LoanGlob matches the notes about borrowed images in a run's folder.
const LoanGlob = "image-*.json"

// keptLabel is in the names of images that are kept for their owner.
const keptLabel = "kept"

// IsKept tells whether an image's name is one that keeps it for its owner. Such
// a name goes with [GiveBack], and with nothing else.
func IsKept(name string) bool {
	_, rest, ok := strings.Cut(strings.TrimPrefix(name, imagePlace), "/")
	return ok && strings.HasPrefix(name, imagePlace) && strings.HasPrefix(rest, keptLabel+":")
}

// Borrow is for whoever is about to pull an image or to have it pulled: the run
// notes what has its name now, once for each name. Whoever removes the run's
// folder calls [GiveBack] with the note before.
func (e *Environment) Borrow(ctx context.Context, ref string) error {
	e.borrowing.Lock()
	defer e.borrowing.Unlock()
	note := filepath.Join(e.Dir, noteOf(e.Engine.Host, ref))
	if _, err := os.Stat(note); err == nil {
		return nil
	}
	return whileNobodyElse(ctx, func() error {
		l, err := e.lend(ctx, ref)
		if err != nil {
			return fmt.Errorf("note which image is called %s: %w", ref, err)
		}
		// The note comes first: a name without one could not be explained.
		if err := WriteNote(note, l); err != nil {
			return err
		}
		e.loans = append(e.loans, l)
		if l.Kept == "" {
			return nil
		}
		return e.Client.ImageTag(ctx, l.Was, l.Kept)
	})
}

// Returning notes what the borrowed names are, before they are given back, for
// [Environment.Owed].
func (e *Environment) Returning(ctx context.Context) error {
	e.borrowing.Lock()
	defer e.borrowing.Unlock()
	return e.eachLoan(func(l *loan, engine *client.Client) (err error) {
		l.moved, err = idOf(ctx, engine, l.Ref)
		return err
	})
}

// Owed lists the borrowed names that, after everything was given back, are still
// what the runs had made of them, although no run needs them any more. What
// somebody else has made of them is not owed.
func (e *Environment) Owed(ctx context.Context) ([]string, error) {
	e.borrowing.Lock()
	defer e.borrowing.Unlock()
	var names []string
	err := whileNobodyElse(ctx, func() error {
		return e.eachLoan(func(l *loan, engine *client.Client) error {
			owed, err := l.owed(ctx, engine, e.Dir)
			if owed {
				names = append(names, l.Ref)
			}
			return err
		})
	})
	return names, err
}

func (e *Environment) eachLoan(do func(*loan, *client.Client) error) error {
	for i := range e.loans {
		engine, err := e.loans[i].engine()
		if err != nil {
			return err
		}
		if err := errors.Join(do(&e.loans[i], engine), engine.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (l loan) owed(ctx context.Context, engine *client.Client, dir string) (bool, error) {
	if l.Was == "" || l.moved == l.Was || l.moved == "" {
		return false, nil
	}
	if _, needed := borrowedBesides(dir, l.Host, l.Ref); needed {
		return false, nil
	}
	is, err := idOf(ctx, engine, l.Ref)
	if err != nil || is != l.moved {
		return false, err
	}
	// Another user's run may need it, and somebody may have removed the image.
	all, err := engine.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return false, err
	}
	_, needed := keptBesides(all, runOf(dir), l.Ref)
	return !needed && slices.ContainsFunc(all, func(one image.Summary) bool { return one.ID == l.Was }), nil
}

// runOf is the id of the run whose folder this is.
func runOf(dir string) string { return strings.TrimPrefix(filepath.Base(dir), Prefix) }

// engine is a client of the engine that the name is on.
func (l loan) engine() (*client.Client, error) {
	c, err := client.NewClientWithOpts(client.FromEnv, client.WithHost(l.Host), client.WithAPIVersionNegotiation())
	if err != nil {
		return nil, fmt.Errorf("engine at %s: %w", l.Host, err)
	}
	return c, nil
}

func noteOf(host, ref string) string {
	sum := sha256.Sum256([]byte(host + " " + ref))
	return fmt.Sprintf("image-%x.json", sum[:8])
}

// lend finds out what has a name. Where another run has borrowed it before, that
// is what was found then.
func (e *Environment) lend(ctx context.Context, ref string) (loan, error) {
	l := loan{Host: e.Engine.Host, Ref: ref, Stays: e.InLab}
	if earlier, ok := borrowedBesides(e.Dir, e.Engine.Host, ref); ok {
		l.Was, l.Had = earlier.Was, earlier.Had
	} else if err := l.look(ctx, e.Client, e.Run); err != nil {
		return l, err
	}
	// A digest names one image for ever.
	if l.Was != "" && !strings.Contains(ref, "@") {
		l.Kept = keptName(e.Run, ref)
	}
	return l, nil
}

// look asks the engine what has the name, and for the image that another user's
// run keeps because it had the name before that run: its notes are not for
// others to read, and its lock is not this one. It keeps before it moves a name,
// and gives back before it lets go; so as long as the name stays what it is
// while the engine is asked, the answers belong together.
func (l *loan) look(ctx context.Context, engine *client.Client, run string) error {
	for {
		before, err := idOf(ctx, engine, l.Ref)
		if err != nil {
			return err
		}
		all, err := engine.ImageList(ctx, image.ListOptions{})
		if err != nil {
			return err
		}
		after, err := idOf(ctx, engine, l.Ref)
		if err != nil {
			return err
		}
		if before != after {
			continue
		}
		l.Was = before
		if kept, ok := keptBesides(all, run, l.Ref); ok {
			l.Was = kept
		}
		for _, one := range all {
			l.Had = append(l.Had, one.ID)
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

// keptName is under which name a run keeps the image that had another. It is
// told from it for which name.
func keptName(run, ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return ImagePrefix(run) + fmt.Sprintf("%s:%x", keptLabel, sum[:8])
}

// keptBesides is the image that another run on this machine, which goes on as far
// as can be told, keeps for a name.
func keptBesides(all []image.Summary, run, ref string) (id string, ok bool) {
	for _, one := range all {
		for _, tag := range one.RepoTags {
			other, _, _ := strings.Cut(strings.TrimPrefix(tag, imagePlace), "/")
			if IsKept(tag) && other != run && tag == keptName(other, ref) && goesOn(other) {
				return one.ID, true
			}
		}
	}
	return "", false
}

// borrowedBesides is the note of another run that still goes on.
func borrowedBesides(dir, host, ref string) (loan, bool) {
	// The pattern is well-formed, which is all that can be wrong.
	notes, _ := filepath.Glob(filepath.Join(os.TempDir(), Prefix+"*", noteOf(host, ref)))
	for _, note := range notes {
		other := filepath.Dir(note)
		if other == dir || !IsLive(other) {
			continue
		}
		if l, err := readLoan(note); err == nil {
			return l, true
		}
	}
	return loan{}, false
}

func readLoan(note string) (loan, error) {
	var l loan
	if err := ReadNote(note, &l); err != nil {
		return l, fmt.Errorf("read which image was borrowed: %w", err)
	}
	return l, nil
}

// Borrowed lists the names of images that a run has borrowed, by its folder.
func Borrowed(dir string) []string {
	notes, _ := filepath.Glob(filepath.Join(dir, LoanGlob))
	var refs []string
	for _, note := range notes {
		if l, err := readLoan(note); err == nil {
			refs = append(refs, l.Ref)
		}
	}
	return refs
}

// GiveBack makes a borrowed name what it was, and removes the note. Where another
// run of the same user has borrowed it, too, the last of them makes it so.
func GiveBack(ctx context.Context, note string) error {
	return whileNobodyElse(ctx, func() error {
		l, err := readLoan(note)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		engine, err := l.engine()
		if err != nil {
			return err
		}
		defer engine.Close()
		if note, err = leaving(note); err != nil {
			return err
		}
		if err := l.giveBack(ctx, engine, filepath.Dir(note)); err != nil {
			return err
		}
		return RemoveNote(note)
	})
}

// leaving gives a note a name by which other runs no longer count on it, before
// they are counted on: should another run give back at the same moment, by another
// lock, neither leaves it to the other.
func leaving(note string) (string, error) {
	const mark = "-leaving.json"
	if strings.HasSuffix(note, mark) {
		return note, nil
	}
	left := strings.TrimSuffix(note, ".json") + mark
	return left, os.Rename(note, left)
}

// giveBack is for the run whose folder is dir. What is kept goes last: until the
// name is back, it may be all that there is of the image. Another user's run is
// not relied on: it cannot be told whether it goes on.
func (l loan) giveBack(ctx context.Context, engine *client.Client, dir string) error {
	if _, needed := borrowedBesides(dir, l.Host, l.Ref); !needed {
		if err := l.restore(ctx, engine); err != nil {
			return fmt.Errorf("make %s the image that it was: %w", l.Ref, err)
		}
	}
	if l.Kept == "" {
		return nil
	}
	if err := removeImage(ctx, engine, l.Kept); err != nil {
		return fmt.Errorf("let go of %s: %w", l.Kept, err)
	}
	return nil
}

// giveBackAll is [GiveBack] with all notes in the run's folder.
func (e *Environment) giveBackAll() error {
	if e.Dir == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockTimeout)
	defer cancel()
	notes, err := filepath.Glob(filepath.Join(e.Dir, LoanGlob))
	errs := []error{err}
	for _, note := range notes {
		errs = append(errs, GiveBack(ctx, note))
	}
	return errors.Join(errs...)
}

func (l loan) restore(ctx context.Context, engine *client.Client) error {
	found, err := idOf(ctx, engine, l.Ref)
	if err != nil {
		return err
	}
	switch {
	case found == l.Was:
		return nil
	case l.Was == "":
		return l.remove(ctx, engine)
	}
	err = engine.ImageTag(ctx, l.Was, l.Ref)
	if cerrdefs.IsNotFound(err) {
		// Somebody took the image away, by docker image prune for one: there is
		// nothing to give the name back to.
		return l.remove(ctx, engine)
	}
	if err != nil {
		return err
	}
	if found == "" || slices.Contains(l.Had, found) {
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
func (l loan) remove(ctx context.Context, engine *client.Client) error {
	if l.Stays {
		return nil
	}
	return removeImage(ctx, engine, l.Ref)
}

// removeImage takes an image or one of its names away. One that is gone is fine,
// and so is one that somebody's container uses: it stays.
func removeImage(ctx context.Context, engine *client.Client, ref string) error {
	_, err := engine.ImageRemove(ctx, ref, image.RemoveOptions{PruneChildren: true})
	if cerrdefs.IsNotFound(err) || cerrdefs.IsConflict(err) {
		return nil
	}
	return err
}
