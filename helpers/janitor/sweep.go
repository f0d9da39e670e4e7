package janitor

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"builders.test/helpers/env"
	"builders.test/helpers/internal/poll"
	"builders.test/helpers/undo"
	"github.com/docker/docker/client"
)

const (
	// sweepTimeout bounds a sweep. On a quiet machine one takes seconds; a soak
	// alongside compilations, at a load of 25, took more than a minute.
	sweepTimeout = 5 * time.Minute
	sweepPause   = 200 * time.Millisecond
	// engineAway is how long an engine may not answer before a sweep gives up.
	engineAway = 10 * time.Second
)

// Empty passes in a row, after which a sweep is over.
const (
	// afterDeath is for a run that was killed, or one of whose requests was cut off: a
	// request that was under way when its sender ended may still take effect.
	afterDeath = 4
	// inOrder is for a run that waited for the answer to everything that it asked for. The
	// pass that finds nothing shows that what the others removed is gone.
	inOrder = 1
)

// Sweep removes everything of runs that are over, even if another process is
// about to do the same.
func Sweep(ctx context.Context, engines []*client.Client, runs ...string) error {
	ctx, cancel := context.WithTimeout(ctx, sweepTimeout)
	defer cancel()
	var errs []error
	for _, run := range runs {
		_, err := sweep(ctx, engines, run, afterDeath)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// sweep removes everything of a run until nothing turns up for some passes, and returns
// what it found. An engine that does not answer may be on its way up again. What is kept
// for inspection stays, and so does the run's folder.
func sweep(ctx context.Context, engines []*client.Client, run string, passes int, kept ...env.Kept) ([]Object, error) {
	s := sweeper{engines: engines, run: run, passes: passes, reached: time.Now(), kept: kept}
	done, err := s.pass(ctx)
	if !done && err == nil {
		// What the engine said it has removed is gone: there is nothing to wait for before
		// the second pass.
		err = poll.Until(ctx, sweepPause, func() (bool, error) { return s.pass(ctx) })
	}
	if err != nil && ctx.Err() != nil {
		err = s.unfinished(err)
	}
	return s.found, err
}

// unfinished says what a sweep that ran out of time was working on.
func (s *sweeper) unfinished(err error) error {
	if s.failed != nil {
		err = s.failed
	}
	return Left{fmt.Errorf("the leftovers of run %s are not gone yet (%s): %w", s.run, join(s.found), err)}
}

type sweeper struct {
	engines []*client.Client
	run     string
	// passes in a row must find nothing before the sweep is over.
	passes int
	kept   []env.Kept
	found  []Object
	// failed is what could not be removed.
	failed error
	// reached is when the engines last answered.
	reached time.Time
	// emptyPasses in a row found nothing.
	emptyPasses int
}

// pass removes what turns up now, and reports whether that was the last pass.
func (s *sweeper) pass(ctx context.Context) (done bool, err error) {
	all, err := findOf(ctx, s.run, s.engines)
	if err != nil {
		s.emptyPasses = 0
		if time.Since(s.reached) < engineAway {
			err = nil
		}
		return false, err
	}
	s.reached = time.Now()
	mine := withoutKept(s.run, slices.DeleteFunc(all, Object.kept), s.kept)
	s.found = merge(s.found, mine)
	// The folder shows whose a probe is, even one that the engine does not list yet,
	// so it goes last.
	objects := slices.DeleteFunc(slices.Clone(mine), func(x Object) bool { return x.Kind == "folder" })
	s.emptyPasses++
	switch {
	case len(objects) > 0:
		s.emptyPasses = 0
		// The engine may be removing the same object at another client's request; the
		// next pass will show.
		s.failed = Remove(ctx, slices.DeleteFunc(objects, Object.pending))
	case s.emptyPasses == s.passes:
		if s.failed = errors.Join(Remove(ctx, mine), s.undo(ctx)); s.failed != nil {
			s.emptyPasses = 0
		}
	}
	return s.emptyPasses == s.passes, nil
}

// undo restores what the run changed, even if its folder stays.
func (s *sweeper) undo(ctx context.Context) error {
	if len(s.kept) == 0 {
		return nil // it went with the folder
	}
	return undo.All(ctx, filepath.Join(os.TempDir(), env.Prefix+s.run), handlers()...)
}

// withoutKept leaves out what a run keeps for inspection, and then also the run's
// folder.
func withoutKept(run string, objects []Object, kept []env.Kept) []Object {
	return slices.DeleteFunc(objects, func(x Object) bool {
		if x.Run != run || len(kept) == 0 {
			return false
		}
		return x.Kind == "folder" || slices.ContainsFunc(kept, func(k env.Kept) bool { return k.Has(run, x.Name) })
	})
}

func merge(found, more []Object) []Object {
	for _, object := range more {
		if !Inventory(found).Has(object) {
			found = append(found, object)
		}
	}
	return found
}
