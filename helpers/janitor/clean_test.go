package janitor

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"
)

// loaded is the name of an image that a dead run left.
const loaded = "images.invalid/builders-" + mine + "/app:1"

func TestCleanNamesWhatItCouldNotSearch(t *testing.T) {
	d := newDeadRun(t)
	d.engine.Name("sha256:loaded", loaded)
	engines := []*client.Client{d.engine.Client(t)}
	var out strings.Builder
	cleaner := Cleaner{Out: &out, Again: "`make clean`"}

	away := errors.Join(errors.New("no Docker Engine answers at unix:///a.sock"), errors.New("no Docker Engine answers at unix:///b.sock"))
	err := cleaner.Clean(t.Context(), engines, away)

	require.EqualError(t, err, "not every engine was searched: no Docker Engine answers at unix:///a.sock; no Docker Engine answers at unix:///b.sock")
	require.Empty(t, d.engine.ID(loaded), "the engine that answers was not cleaned")
	require.DirExists(t, d.dir, "the folder shows whose the rest is")
	require.Equal(t, "dead     image "+loaded+"\ndead     folder "+d.dir+"\n2 found, 1 removed\n", out.String())

	out.Reset()
	require.NoError(t, Cleaner{Out: &out, DryRun: true}.Clean(t.Context(), engines, nil))
	require.Equal(t, "dead     folder "+d.dir+"\n1 found, nothing removed\n", out.String())
	require.DirExists(t, d.dir)

	out.Reset()
	require.NoError(t, cleaner.Clean(t.Context(), engines, nil))
	require.Equal(t, "dead     folder "+d.dir+"\n1 found, 1 removed\n", out.String())
	d.requireUndone(t)

	require.ErrorContains(t, Cleaner{Out: &out, DryRun: true}.Clean(t.Context(), nil, os.ErrNotExist), "not every engine was searched")
}
