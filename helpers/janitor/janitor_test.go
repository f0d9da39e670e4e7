package janitor

import (
	"os"
	"path/filepath"
	"testing"

	"builders.test/helpers/env"
	"github.com/docker/docker/api/types/image"
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
	require.Equal(t, "0a1b2c3d", owner(ownedImage, "images.invalid/builders-0a1b2c3d/processor:1"))
	require.Equal(t, "0a1b2c3d", owner(ownedImage, "127.0.0.1:5000/builders-0a1b2c3d/processor:both"))
	for _, foreign := range []string{"busybox:latest", "127.0.0.1:5000/processor:both", "me/builders-0a1b2c3d:1"} {
		require.Empty(t, owner(ownedImage, foreign))
	}
}

func TestNameless(t *testing.T) {
	mine := []string{"127.0.0.1:5000/builders-0a1b2c3d/processor@sha256:00"}
	for name, tc := range map[string]struct {
		image image.Summary
		want  string
	}{
		"its name went to another": {image.Summary{ID: "x", RepoDigests: mine}, "0a1b2c3d"},
		"an older engine's words":  {image.Summary{ID: "x", RepoTags: []string{"<none>:<none>"}, RepoDigests: mine}, "0a1b2c3d"},
		"somebody else's":          {image.Summary{ID: "x", RepoDigests: []string{"busybox@sha256:00"}}, ""},
		"of unknown origin":        {image.Summary{ID: "x"}, ""},
		"it carries the label":     {image.Summary{ID: "x", Labels: map[string]string{env.RunLabel: "0a1b2c3d"}}, "0a1b2c3d"},
	} {
		object, without := nameless(tc.image)
		require.Equal(t, tc.want, object.Run, name)
		require.True(t, without, name)
	}
	_, without := nameless(image.Summary{ID: "x", RepoTags: []string{"mine:1"}, RepoDigests: mine})
	require.False(t, without)
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
	objects := []Object{{Kind: "volume", Name: "a", Run: "1"}, {Kind: "image", Name: "b", Run: "2"}}
	require.Equal(t, []Object{objects[1]}, Of("2", objects))
	require.Len(t, objects, 2)
	require.Equal(t, "volume a, image b", join(objects))
}
