package env

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

func TestIsKept(t *testing.T) {
	e := &Environment{Run: "0a1b2c3d", counter: new(atomic.Int64)}
	require.True(t, IsKept(e.Image(keptLabel)))
	for _, other := range []string{e.Image("app"), e.SharedImage("base"), "kept:1", "moby/buildkit:latest", "example.com/x/kept:1"} {
		require.False(t, IsKept(other), other)
	}
}

func TestOnlyRunsThatGoOnHaveBorrowed(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	const host, ref = "unix:///docker.sock", "busybox"
	mine, theirs := filepath.Join(os.TempDir(), Prefix+"00000001"), filepath.Join(os.TempDir(), Prefix+"00000002")
	for _, dir := range []string{mine, theirs} {
		require.NoError(t, os.Mkdir(dir, 0o700))
		note, err := json.Marshal(loan{Host: host, Ref: ref, Was: "sha256:" + dir})
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, noteOf(host, ref)), note, 0o600))
	}
	_, ok := borrowedBesides(mine, host, ref)
	require.False(t, ok, "a run that is dead counts")

	alive := flock.New(LockFile(theirs))
	held, err := alive.TryLock()
	require.NoError(t, err)
	require.True(t, held)
	found, ok := borrowedBesides(mine, host, ref)
	require.True(t, ok, "a run that goes on does not count")
	require.Equal(t, "sha256:"+theirs, found.Was)
	_, ok = borrowedBesides(mine, "unix:///another.sock", ref)
	require.False(t, ok, "the name on another engine is another name")
}

func TestWhileNobodyElse(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	inside, most := atomic.Int64{}, atomic.Int64{}
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			return whileNobodyElse(t.Context(), func() error {
				most.Store(max(most.Load(), inside.Add(1)))
				inside.Add(-1)
				return nil
			})
		})
	}
	require.NoError(t, group.Wait())
	require.EqualValues(t, 1, most.Load())
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left, "the lock leaves something behind")
}
