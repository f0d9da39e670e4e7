package janitor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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
// the folder. Nobody else knows what they say: while one of them is not undone,
// the folder stays, for the next who comes.
func removeFolder(ctx context.Context, dir string) error {
	var errs []error
	for _, u := range undos {
		errs = append(errs, u.all(ctx, dir))
	}
	if err := errors.Join(errs...); err != nil {
		// In one line, and in words only: that something else is not found does
		// not mean that the folder is gone.
		what := strings.ReplaceAll(err.Error(), "\n", "; ")
		return fmt.Errorf("%s; the folder stays, and `builders clean` tries again", what)
	}
	return os.RemoveAll(dir)
}

// all undoes every note of one kind.
func (u undo) all(ctx context.Context, dir string) error {
	notes, err := filepath.Glob(filepath.Join(dir, u.notes))
	errs := []error{err}
	for _, note := range notes {
		errs = append(errs, u.one(ctx, note))
	}
	return errors.Join(errs...)
}

func (u undo) one(ctx context.Context, note string) error {
	ctx, cancel := context.WithTimeout(ctx, undoTimeout)
	defer cancel()
	err := u.do(ctx, note)
	if _, gone := os.Stat(note); errors.Is(gone, fs.ErrNotExist) {
		return nil // whoever cleans up beside us was faster
	}
	return err
}
