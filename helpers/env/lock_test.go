package env

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

func TestExclusively(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	inside, most := atomic.Int64{}, atomic.Int64{}
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			return exclusively(t.Context(), func() error {
				most.Store(max(most.Load(), inside.Add(1)))
				inside.Add(-1)
				return nil
			})
		})
	}
	require.NoError(t, group.Wait())
	require.EqualValues(t, 1, most.Load())
}

func TestExclusivelyPassesOnWhatFails(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	require.EqualError(t, exclusively(t.Context(), func() error { return errors.New("failed") }), "failed")
	require.NoError(t, exclusively(t.Context(), func() error { return nil }), "the lock was not released")
}

// holder is the variable that makes TestHoldALock hold the lock of a folder or file.
const holder = "HOLD_A_LOCK"

// TestHoldALock is another process for other tests: it holds a lock until its
// input ends.
func TestHoldALock(t *testing.T) {
	path := os.Getenv(holder)
	if path == "" {
		t.Skip("only for another test")
	}
	held, err := os.Open(path)
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(held.Fd()), syscall.LOCK_EX))
	_, err = os.Stdout.WriteString("held\n")
	require.NoError(t, err)
	_, _ = os.Stdin.Read(make([]byte, 1))
}

// lockedByAnother makes another process lock something until the test ends.
func lockedByAnother(t *testing.T, path string) {
	t.Helper()
	other := exec.Command(os.Args[0], "-test.run=^TestHoldALock$")
	other.Env = append(os.Environ(), holder+"="+path)
	input, err := other.StdinPipe()
	require.NoError(t, err)
	output, err := other.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, other.Start())
	t.Cleanup(func() {
		_ = input.Close()
		_ = other.Wait()
	})
	said := make([]byte, len("held\n"))
	_, err = output.Read(said)
	require.NoError(t, err)
	require.Equal(t, "held\n", string(said))
}

func TestTheTemporaryFolderMayBeLocked(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	lockedByAnother(t, os.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	require.NoError(t, exclusively(ctx, func() error { return nil }), "another process keeps the run from going on")
}

func TestAnotherRunIsWaitedFor(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	path, err := lockPath()
	require.NoError(t, err)
	lockedByAnother(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = exclusively(ctx, func() error { return nil })
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, path)
}

func TestTheLockIsInAFolderOfTheUsers(t *testing.T) {
	temp, caches := t.TempDir(), t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("XDG_CACHE_HOME", caches)
	fallback := filepath.Join(temp, Prefix+"of-user-"+strconv.Itoa(os.Getuid()))
	for _, tc := range []struct {
		name    string
		prepare func(t *testing.T)
		want    string
	}{
		{"among the caches", func(*testing.T) {}, filepath.Join(caches, "builders")},
		{"without a home", func(t *testing.T) {
			t.Setenv("XDG_CACHE_HOME", "")
			t.Setenv("HOME", "")
		}, fallback},
		{"the caches cannot be made", func(t *testing.T) { t.Setenv("XDG_CACHE_HOME", "/proc/none") }, fallback},
		{"others may write there", func(t *testing.T) {
			open := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(open, "builders"), 0o700))
			require.NoError(t, os.Chmod(filepath.Join(open, "builders"), 0o777))
			t.Setenv("XDG_CACHE_HOME", open)
		}, fallback},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.prepare(t)
			path, err := lockPath()
			require.NoError(t, err)
			require.Equal(t, tc.want, filepath.Dir(path))
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "others may lock it")
		})
	}
}

func TestAPlaceThatIsNobodysIsRefused(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Setenv("XDG_CACHE_HOME", "/proc/none")
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(temp, Prefix+"of-user-"+strconv.Itoa(os.Getuid()))))
	_, err := lockPath()
	require.ErrorContains(t, err, "set XDG_CACHE_HOME to one of your folders")
}

// TestWhoeverAsksFoolsNobody keeps asking from many sides whether runs live: none
// may take a run that begins for dead, or a dead one for live.
func TestWhoeverAsksFoolsNobody(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dead, lock, err := makeDir("0dead0de")
	require.NoError(t, err)
	require.NoError(t, lock.Unlock())
	ctx, cancel := context.WithCancel(t.Context())
	var askers errgroup.Group
	for range 8 {
		askers.Go(func() error {
			for ctx.Err() == nil {
				if IsLive(dead) {
					return errors.New("the dead run is called live")
				}
				dirs, _ := filepath.Glob(filepath.Join(os.TempDir(), Prefix+"*"))
				for _, dir := range dirs {
					if dir != dead && !IsLive(dir) {
						return fmt.Errorf("%s is called dead while it begins", dir)
					}
				}
			}
			return nil
		})
	}
	for i := range 200 {
		_, lock, err := makeDir(fmt.Sprintf("%08x", i))
		require.NoError(t, err)
		t.Cleanup(func() { _ = lock.Unlock() })
	}
	cancel()
	require.NoError(t, askers.Wait())
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "new-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestARunsFolderIsItsAlone(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	_, lock, err := makeDir("0a1b2c3d")
	require.NoError(t, err)
	t.Cleanup(func() { _ = lock.Unlock() })
	_, _, err = makeDir("0a1b2c3d")
	require.ErrorContains(t, err, "lock the run's folder")
	require.NoDirExists(t, filepath.Join(os.TempDir(), "new-"+Prefix+"0a1b2c3d"))
}
