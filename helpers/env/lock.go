package env

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/gofrs/flock"
)

const (
	// lockTimeout is how long others may hold the lock, for a few requests to an engine.
	lockTimeout = time.Minute
	// lockPause is the time between attempts to take a lock that another run holds.
	lockPause = 20 * time.Millisecond
)

// exclusively does something that no other run of this user does at the same time
// on this machine.
func exclusively(ctx context.Context, do func() error) error {
	path, err := lockPath()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	lock := flock.New(path, flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockPause); err != nil {
		return fmt.Errorf("wait for another run's lock, %s: %w", path, err)
	}
	return errors.Join(do(), lock.Unlock())
}

// lockPath returns a file of the user's own, in a folder that no other user may
// write, so that no one else can hold it: in the user's cache folder or, without a
// home, in the temporary folder.
func lockPath() (string, error) {
	if dir, err := ownFolder(); err == nil {
		if path, err := lockIn(dir); err == nil {
			return path, nil
		}
	}
	path, err := lockIn(filepath.Join(os.TempDir(), Prefix+"of-user-"+strconv.Itoa(os.Getuid())))
	if err != nil {
		return "", fmt.Errorf("find a place for the lock that runs share: %w; set XDG_CACHE_HOME to one of your folders", err)
	}
	return path, nil
}

// ownFolder returns the folder for what is kept for the next runs, in the user's cache
// folder. Only this user may write it.
func ownFolder() (string, error) {
	caches, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(caches, "builders")
	return dir, makeMine(dir)
}

// makeMine makes a folder. It refuses one that belongs to another user or that others may
// write.
func makeMine(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return mineAlone(dir)
}

// lockIn returns the lock's file in a folder, which it makes.
func lockIn(dir string) (string, error) {
	if err := makeMine(dir); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "images.lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", err
	}
	return path, file.Close()
}

// mineAlone returns an error unless a folder belongs to this user and no other
// user may write there.
func mineAlone(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(owner.Uid) != os.Getuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s is not a folder that only this user may write", dir)
	}
	return nil
}

// IsLive reports whether a run holds the lock of its folder. For another user's
// run that is unknown, so it counts as live. Callers share the lock, so that none
// keeps another from the right answer.
func IsLive(dir string) bool {
	lock := flock.New(LockFile(dir), flock.SetFlag(os.O_RDONLY))
	free, err := lock.TryRLock()
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil || !free {
		return true
	}
	return lock.Unlock() != nil
}
