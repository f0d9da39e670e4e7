package janitor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"builders.test/helpers/enginecache"
	"builders.test/helpers/env"
	"builders.test/helpers/registry"
)

// undo is how one kind of note in a run's folder is made undone. Doing it twice
// does no harm, and it removes the note when all is done.
type undo struct {
	// notes is the pattern of the notes' names.
	notes string
	do    func(ctx context.Context, note string) error
}

// undos are in the order of what is lost by leaving it: images of somebody's,
// then what merely takes up their disk, then the lab's own tags, for which other
// runs may have to be waited for.
var undos = []undo{
	{env.LoanGlob, env.GiveBack},
	{enginecache.NoteGlob, enginecache.Settle},
	{registry.RestoreGlob, registry.Restore},
}

// undoTimeout is how long one note may take, so that one that hangs leaves time
// for the others.
const undoTimeout = 20 * time.Second

// removeFolder undoes what the notes in a run's folder tell of, and then removes
// the folder. Nobody else knows what they say: while one of them is there, the
// folder stays, for the next who comes.
func removeFolder(ctx context.Context, dir string) error {
	var errs []error
	for _, u := range undos {
		errs = append(errs, u.all(ctx, dir))
	}
	err := errors.Join(errs...)
	if left := notes(dir); err == nil && len(left) > 0 {
		err = fmt.Errorf("%s is not undone", strings.Join(left, ", "))
	}
	if err != nil {
		// In one line, and in words only: that something else is not found does
		// not mean that the folder is gone.
		what := strings.ReplaceAll(err.Error(), "\n", "; ")
		return fmt.Errorf("%s; the folder stays, and `builders clean` tries again", what)
	}
	return os.RemoveAll(dir)
}

// notes are all that is to be undone yet.
func notes(dir string) []string {
	var all []string
	for _, u := range undos {
		// The patterns are well-formed, which is all that can be wrong.
		found, _ := filepath.Glob(filepath.Join(dir, u.notes))
		all = append(all, found...)
	}
	return all
}

// all undoes every note of one kind.
func (u undo) all(ctx context.Context, dir string) error {
	found, err := filepath.Glob(filepath.Join(dir, u.notes))
	errs := []error{err}
	for _, note := range found {
		errs = append(errs, u.one(ctx, note))
	}
	return errors.Join(errs...)
}

func (u undo) one(ctx context.Context, note string) error {
	ctx, cancel := context.WithTimeout(ctx, undoTimeout)
	defer cancel()
	return u.do(ctx, note)
}
