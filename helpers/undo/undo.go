// Package undo records what a run changes that is not its own, and restores it when the
// run ends or has died.
//
// Before a change the run writes a note, see [Log.Write]. Notes are JSON files of one
// format in one folder within the run's, so that another process can undo what a killed
// run did. Code that makes such changes owns a kind of note and has a [Handler] for it;
// [All] is the loop over a run's notes. A note is removed only when it is undone: it is
// all that is known about how the thing was.
package undo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	// patience is how long one note may take, so that one that hangs leaves time
	// for the others.
	patience = 20 * time.Second
	// lockPause is the time between attempts to take a lock that another process holds.
	lockPause = 20 * time.Millisecond
)

// Handler undoes the changes of one kind.
type Handler struct {
	Kind string
	// Undo makes a thing what the note says it was. The change may not have been
	// made, or may be undone already, in whole or in part: a run may be killed at any
	// moment, and so may the process that undoes it.
	Undo func(context.Context, Note) error
	// Alone, if not nil, calls do while no other run makes or undoes a change that
	// would get in the way.
	Alone func(ctx context.Context, n Note, do func() error) error
}

// Do undoes one note and removes it. It is fine if another process was faster.
func (h Handler) Do(ctx context.Context, n Note) error {
	do := func() error {
		// The mark comes first: if two runs undo the same thing at the same moment,
		// neither leaves it to the other.
		n, err := n.undoing()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := h.Undo(ctx, n); err != nil {
			return err
		}
		if err := os.Remove(n.path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if h.Alone == nil {
		return do()
	}
	return h.Alone(ctx, n, do)
}

// All undoes what the notes in a run's folder say: kinds in the order of their
// handlers, and within a kind the newest first, since a thing that was changed
// twice was what the older note says. What cannot be undone keeps its note, and
// blocks only changes to the same thing. A note that cannot be read is kept, too,
// and so is one of a kind without a handler, which is a newer program's. The error
// names each.
func All(ctx context.Context, run string, handlers ...Handler) error {
	// Two processes may clean up after the same run.
	lock := flock.New(filepath.Join(run, folder), flock.SetFlag(os.O_RDONLY))
	_, err := lock.TryLockContext(ctx, lockPause)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("wait for another process that undoes the run's changes: %w", err)
	}
	return errors.Join(all(ctx, run, handlers), lock.Unlock())
}

func all(ctx context.Context, run string, handlers []Handler) error {
	kinds, errs := byKind(run)
	for _, h := range handlers {
		failed := map[string]bool{}
		for _, n := range kinds[h.Kind] {
			if failed[n.Key] {
				continue
			}
			inTime, cancel := context.WithTimeout(ctx, patience)
			err := h.Do(inTime, n)
			cancel()
			failed[n.Key] = err != nil
			errs = append(errs, err)
		}
		delete(kinds, h.Kind)
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for _, n := range kinds[kind] {
			errs = append(errs, fmt.Errorf("%s is of the kind %q, which this program does not know: a newer version wrote it", n.path, kind))
		}
	}
	err := errors.Join(errs...)
	if left, leftErr := paths(run); err == nil && (leftErr != nil || len(left) > 0) {
		err = errors.Join(leftErr, fmt.Errorf("%s was not undone", strings.Join(left, ", ")))
	}
	return err
}

// byKind returns a run's notes, the newest first, and what is wrong with others.
func byKind(run string) (kinds map[string][]Note, errs []error) {
	kinds = map[string][]Note{}
	notes, err := paths(run)
	if err != nil {
		errs = append(errs, err)
	}
	for _, path := range notes {
		n, err := read(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("read what the run did: %w", err))
			continue
		}
		kinds[n.Kind] = append(kinds[n.Kind], n)
	}
	return kinds, errs
}
