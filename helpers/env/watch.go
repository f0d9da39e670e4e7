package env

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"time"
)

const (
	// roomPause is how often the disks are looked at. It costs a microsecond.
	roomPause = 250 * time.Millisecond
	// pingPause is how often the engine is asked for a sign of life.
	pingPause = time.Second
)

// watch remembers what was wrong with the engine and the disks while claims were
// tested: when they are asked afterwards, the engine may be back and the disk
// empty again. Trouble that is shorter than the pauses above goes unseen.
type watch struct {
	mu   sync.Mutex
	seen []trouble
	stop context.CancelFunc
	done sync.WaitGroup
}

// trouble is something that was wrong for a while.
type trouble struct {
	what     string
	from, to time.Time
}

// look asks now and then, until the watch is over.
func (w *watch) look(ctx context.Context, pause time.Duration, ask func(context.Context) error) {
	w.done.Go(func() {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for {
			from := time.Now()
			if err := ask(ctx); err != nil && ctx.Err() == nil {
				w.note(err.Error(), from, time.Now())
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}

// note extends the last trouble if it continues.
func (w *watch) note(what string, from, to time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if last := len(w.seen) - 1; last >= 0 && w.seen[last].what == what && from.Sub(w.seen[last].to) <= 2*pingPause {
		w.seen[last].to = to
		return
	}
	w.seen = append(w.seen, trouble{what: what, from: from, to: to})
}

// between returns the first trouble within a period, or nil.
func (w *watch) between(since, until time.Time) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.seen {
		if !t.to.Before(since) && !t.from.After(until) {
			return fmt.Errorf("%s, at %s", t.what, t.from.Format(time.TimeOnly))
		}
	}
	return nil
}

func (w *watch) end() {
	if w.stop != nil {
		w.stop()
		w.done.Wait()
	}
}

// startWatch starts to watch the engine and the disks that this machine has.
func (e *Environment) startWatch() {
	ctx, cancel := context.WithCancel(context.Background())
	e.watch.stop = cancel
	e.watch.look(ctx, roomPause, func(context.Context) error { return e.room() })
	e.watch.look(ctx, pingPause, func(ctx context.Context) error { return e.answers(ctx) })
}

// Trouble returns what was wrong with the engine or a disk at some moment between
// two times, or nil.
func (e *Environment) Trouble(since, until time.Time) error { return e.watch.between(since, until) }

// answers asks the engine for a sign of life.
func (e *Environment) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ProbeTimeout)
	defer cancel()
	if _, err := e.Client.Ping(ctx); err != nil {
		return fmt.Errorf("the engine at %s did not answer", e.Engine.Place())
	}
	return nil
}

// room checks the disks of the evidence, of the run's folder and, if it is on
// this machine, of the engine.
func (e *Environment) room() error {
	errs := []error{room(e.Out), room(e.Dir)}
	if e.Engine.Local() == nil {
		errs = append(errs, room(e.Engine.Root))
	}
	return errors.Join(errs...)
}

// leastRoom is how much must be free on a disk, in bytes: with less, builds fail
// for reasons that are not BuildKit's.
const leastRoom = 64 << 20

func room(dir string) error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("free disk space of %s: %w", dir, err)
	}
	return enough(fs.Bavail*uint64(fs.Bsize), dir)
}

func enough(free uint64, where string) error {
	if free < leastRoom {
		return fmt.Errorf("disk full: %d MiB left in %s", free>>20, where)
	}
	return nil
}
