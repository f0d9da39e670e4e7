package site

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	// lockPause is the time between attempts to take a lock that another process has.
	lockPause = 50 * time.Millisecond
	// silentWait is how long waiting for a lock is not worth a word.
	silentWait = time.Second / 2
)

// Alone runs fn while no other process does what has this name in this lab.
// Whatever fn would do may be done by the time it runs.
func (s *Site) Alone(ctx context.Context, name string, fn func() error) error {
	return Locked(ctx, s.Path("locks", strings.NewReplacer("/", "_", " ", "-").Replace(name)), func() {
		s.Say(name, "waiting for another `builders` that has it in hand")
	}, fn)
}

// Locked runs fn while no other process holds the lock that is the file at path. It
// calls waiting once if others hold the lock for more than a moment; it may be nil.
func Locked(ctx context.Context, path string, waiting func(), fn func() error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	lock := flock.New(path)
	if err := take(ctx, lock.TryLockContext, waiting); err != nil {
		return err
	}
	defer lock.Unlock()
	return fn()
}

// take takes a lock as try does, in either of its modes.
func take(ctx context.Context, try func(context.Context, time.Duration) (bool, error), waiting func()) error {
	soon, cancel := context.WithTimeout(ctx, silentWait)
	defer cancel()
	_, err := try(soon, lockPause)
	if err == nil || ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if waiting != nil {
		waiting()
	}
	_, err = try(ctx, lockPause)
	return err
}

// Use runs fn while others may use the lab, too, but none may take it down.
func (s *Site) Use(ctx context.Context, fn func() error) error {
	lock := flock.New(s.lock())
	return s.hold(ctx, lock, lock.TryRLockContext, fn)
}

// Own runs fn while no other process uses the lab.
func (s *Site) Own(ctx context.Context, fn func() error) error {
	lock := flock.New(s.lock())
	return s.hold(ctx, lock, lock.TryLockContext, fn)
}

// lock returns the file of the lab's own lock. It must stay the same file: waiting
// processes hold it open.
func (s *Site) lock() string { return s.Path(LockName) }

// LockName is the name, in the cache folder, of the file that must stay when the
// folder is emptied.
const LockName = "lock"

func (s *Site) hold(ctx context.Context, lock *flock.Flock, try func(context.Context, time.Duration) (bool, error), fn func() error) error {
	if err := os.MkdirAll(s.Cache, 0o755); err != nil {
		return err
	}
	err := take(ctx, try, func() { s.Say("waiting", "another `builders` is using this lab"+s.owner()) })
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if err := os.WriteFile(s.lock(), []byte(strconv.Itoa(os.Getpid())), 0o644); err != nil {
		return err
	}
	return fn()
}

// owner names the process that took the lab's lock last, as far as it is known.
func (s *Site) owner() string {
	text, err := os.ReadFile(s.lock())
	if err != nil || len(strings.TrimSpace(string(text))) == 0 {
		return ""
	}
	return fmt.Sprintf(", pid %s", strings.TrimSpace(string(text)))
}

// held reports whether a process holds the lock that is the file at path.
func held(path string) bool {
	lock := flock.New(path, flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil || !free {
		return true
	}
	return lock.Unlock() != nil
}
