package janitor

import (
	"os"
	"path/filepath"
	"testing"

	"builders.test/helpers/env"
	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"
)

func TestOwner(t *testing.T) {
	for name, want := range map[string]string{
		"buildx_buildkit_builders-0a1b2c3d-arch-10":       "0a1b2c3d",
		"buildx_buildkit_builders-0a1b2c3d-arch-10_state": "0a1b2c3d",
		"builders-0a1b2c3d-run-4":                         "0a1b2c3d",
		"builders-0a1b2c3d":                               "0a1b2c3d",
		"buildx_buildkit_mine0":                           "",
		"my-builders-0a1b2c3d-run":                        "",
		"builders-team":                                   "",
		"builders-0a1b2c3dd":                              "",
	} {
		require.Equal(t, want, owner(ownedName, name), name)
	}
	require.Equal(t, "0a1b2c3d", owner(ownedImage, "builders.test/0a1b2c3d/processor:1"))
	require.Equal(t, "0a1b2c3d", owner(ownedImage, "127.0.0.1:4711/builders.test/0a1b2c3d/base:x"))
	require.Empty(t, owner(ownedImage, "busybox:latest"))
	require.Empty(t, owner(ownedImage, "example.com/builders.test/0a1b2c3d/base:x"))
}

func TestStateFollowsTheLock(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	const run = "0a1b2c3d"
	require.Equal(t, Elsewhere, StateOf(run))

	dir := filepath.Join(os.TempDir(), env.Prefix+run)
	require.NoError(t, os.Mkdir(dir, 0o700))
	lock := flock.New(env.LockFile(dir))
	locked, err := lock.TryLock()
	require.NoError(t, err)
	require.True(t, locked)
	require.Equal(t, Live, StateOf(run))

	require.NoError(t, lock.Unlock())
	require.Equal(t, Dead, StateOf(run))
}

func TestOfKeepsOneRun(t *testing.T) {
	things := []Thing{{Kind: "volume", Name: "a", Run: "1"}, {Kind: "image", Name: "b", Run: "2"}}
	require.Equal(t, []Thing{things[1]}, Of("2", things))
	require.Len(t, things, 2)
	require.Equal(t, "volume a, image b", join(things))
}
