package janitor

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"builders.test/helpers/env"
	"builders.test/helpers/internal/toyengine"
	"builders.test/helpers/undo"
	"github.com/docker/docker/client"
	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// stable is a name that a dead run moved, and kept the name under which it keeps
// the image that had it.
const stable, kept = "moby/buildkit:buildx-stable-1", "images.invalid/builders-" + mine + "/kept:1"

// deadRun is a run that had three things to undo when it died: a name on an
// engine, a tag in a mirror, and what it built with the engine's own BuildKit.
type deadRun struct {
	dir     string
	log     *undo.Log
	engine  *toyengine.Engine
	buildx  string // fails while this file is there
	mirror  *mirror
	was     v1.Hash
	pointed name.Tag
}

// mirror is a registry that fails on demand.
type mirror struct {
	http.Handler
	down atomic.Bool
}

func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if m.down.Load() && r.URL.Path != "/v2/" {
		http.Error(w, `{"errors":[{"code":"TOOMANYREQUESTS","message":"down"}]}`, http.StatusForbidden)
		return
	}
	m.Handler.ServeHTTP(w, r)
}

func newDeadRun(t *testing.T) *deadRun {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	d := &deadRun{dir: filepath.Join(os.TempDir(), env.Prefix+mine), engine: toyengine.New(t)}
	require.NoError(t, os.Mkdir(d.dir, 0o700))
	d.log = undo.NewLog(d.dir)

	d.engine.Name("sha256:users", kept)
	d.engine.Name("sha256:pulled", stable)
	d.did(t, "image-tag", map[string]any{
		"Host": d.engine.Host, "Ref": stable, "Was": "sha256:users", "Backup": kept, "Had": []string{"sha256:users"},
	})

	d.mirror = &mirror{Handler: ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))}
	server := httptest.NewServer(d.mirror)
	t.Cleanup(server.Close)
	d.pointed = push(t, server, &d.was)
	d.did(t, "mirror-tag", map[string]any{
		"Ref": d.pointed.Name(), "Digest": d.was.String(), "Lock": filepath.Join(t.TempDir(), "tags.lock"),
	})

	d.buildx = filepath.Join(t.TempDir(), "fails")
	docker := filepath.Join(t.TempDir(), "docker")
	write(t, docker, "#!/bin/sh\n[ ! -e "+d.buildx+" ] || { echo no history now >&2; exit 1; }\n")
	require.NoError(t, os.Chmod(docker, 0o700))
	d.did(t, "engine-cache", map[string]any{"Host": d.engine.Host, "Docker": docker})
	return d
}

// push puts two images into a registry, the second under the tag that the first
// had.
func push(t *testing.T, server *httptest.Server, was *v1.Hash) name.Tag {
	t.Helper()
	tag, err := name.NewTag(strings.TrimPrefix(server.URL, "http://")+"/library/busybox:latest", name.Insecure)
	require.NoError(t, err)
	for i := range 2 {
		one, err := random.Image(16, 1)
		require.NoError(t, err)
		require.NoError(t, remote.Write(tag, one))
		if i == 0 {
			*was, err = one.Digest()
			require.NoError(t, err)
		}
	}
	return tag
}

func (d *deadRun) did(t *testing.T, kind string, was any) {
	t.Helper()
	_, err := d.log.Write(kind, "", was)
	require.NoError(t, err)
}

// notes returns the kinds of notes that are left.
func (d *deadRun) notes() []string {
	var kinds []string
	for _, h := range handlers() {
		for _, note := range undo.Of(d.dir, h.Kind) {
			kinds = append(kinds, note.Kind)
		}
	}
	return kinds
}

// requireUndone requires everything to be as before the run, and nothing to be
// left of it.
func (d *deadRun) requireUndone(t *testing.T) {
	t.Helper()
	require.NoDirExists(t, d.dir)
	require.Equal(t, []string{stable}, d.engine.Names("sha256:users"))
	require.Empty(t, d.engine.ID("sha256:pulled"), "what the run had pulled is left")
	now, err := remote.Head(d.pointed)
	require.NoError(t, err)
	require.Equal(t, d.was, now.Digest, "the mirror's tag was not put back")
}

// faults makes each undo fail once, and says which note has to survive that.
var faults = map[string]struct {
	fail, fix func(*deadRun)
	note      string
	says      string
}{
	"the name is not restored": {
		func(d *deadRun) { d.engine.Fail("POST /tag", 1) }, func(*deadRun) {}, "image-tag", "point " + stable + " to its previous image",
	},
	"what is kept is not let go": {
		func(d *deadRun) { d.engine.Fail("DELETE /kept:1", 1) }, func(*deadRun) {}, "image-tag", "let go of " + kept,
	},
	"the mirror's tag is not put back": {
		func(d *deadRun) { d.mirror.down.Store(true) }, func(d *deadRun) { d.mirror.down.Store(false) }, "mirror-tag", "move " + "127.0.0.1",
	},
	"the engine does not list its records": {
		func(d *deadRun) { d.engine.Fail("GET /system/df", 1) }, func(*deadRun) {}, "engine-cache", "list the records",
	},
	"the engine says that its records are not found": {
		func(d *deadRun) { d.engine.Code = http.StatusNotFound; d.engine.Fail("GET /system/df", 1) }, func(*deadRun) {}, "engine-cache", "list the records",
	},
	"buildx does not list its builds": {
		func(d *deadRun) { _ = os.WriteFile(d.buildx, nil, 0o600) }, func(d *deadRun) { _ = os.Remove(d.buildx) }, "engine-cache", "no history now",
	},
}

func TestNothingIsRemovedBeforeItIsUndone(t *testing.T) {
	for fault, tc := range faults {
		t.Run(fault, func(t *testing.T) {
			d := newDeadRun(t)
			tc.fail(d)

			err := Remove(t.Context(), []Object{{Kind: "folder", Name: d.dir, ID: d.dir, Run: mine}})

			require.DirExists(t, d.dir, "the folder went although not everything was undone")
			require.ErrorContains(t, err, tc.says)
			require.ErrorContains(t, err, "the folder stays")
			require.NotContains(t, err.Error(), "\n")
			require.Equal(t, []string{tc.note}, d.notes(), "the note of what is not undone has to stay, and nothing else may be lost by it")
			if tc.note == "image-tag" {
				require.Contains(t, d.engine.Names("sha256:users"), kept, "what is kept for the user went before its name was restored")
			}

			tc.fix(d)
			require.NoError(t, removeFolder(t.Context(), d.dir), "the next pass does not finish")
			d.requireUndone(t)
		})
	}
}

// TestTwoMayUndoAtOnce has a reaper and a person's `builders clean` undo at once.
func TestTwoMayUndoAtOnce(t *testing.T) {
	d := newDeadRun(t)
	var both errgroup.Group
	for range 2 {
		both.Go(func() error { return removeFolder(t.Context(), d.dir) })
	}
	require.NoError(t, both.Wait())
	d.requireUndone(t)
}

// TestASweepFinishesWhatFailedOnce does the same with a whole sweep.
func TestASweepFinishesWhatFailedOnce(t *testing.T) {
	d := newDeadRun(t)
	d.engine.Fail("POST /tag", 1)
	d.engine.Fail("GET /system/df", 1)
	_, err := sweep(t.Context(), []*client.Client{d.engine.Client(t)}, mine, afterDeath)
	require.NoError(t, err)
	d.requireUndone(t)
}

// TestASweepThatCannotUndo gives up in the end, and leaves everything that the
// next one needs.
func TestASweepThatCannotUndo(t *testing.T) {
	d := newDeadRun(t)
	d.engine.Fail("POST /tag", 1000)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, err := sweep(ctx, []*client.Client{d.engine.Client(t)}, mine, afterDeath)
	require.ErrorContains(t, err, "point "+stable+" to its previous image")
	require.Equal(t, []string{"image-tag"}, d.notes())
	require.Equal(t, []string{kept}, d.engine.Names("sha256:users"))

	d.engine.Fail("POST /tag", 0)
	require.NoError(t, Sweep(t.Context(), []*client.Client{d.engine.Client(t)}, mine))
	d.requireUndone(t)
}

// TestARunThatWasKilledBeforeItsDeeds has noted what it was about to do, but has
// done nothing.
func TestARunThatWasKilledBeforeItsDeeds(t *testing.T) {
	d := newDeadRun(t)
	d.engine.Remove(stable)
	d.engine.Name("sha256:users", stable)
	d.engine.Remove(kept)
	was, err := remote.Get(d.pointed.Context().Digest(d.was.String()))
	require.NoError(t, err)
	require.NoError(t, remote.Tag(d.pointed, was))
	require.NoError(t, removeFolder(t.Context(), d.dir))
	d.requireUndone(t)
}

// TestWhatANewerProgramDidIsLeftToIt undoes everything else.
func TestWhatANewerProgramDidIsLeftToIt(t *testing.T) {
	d := newDeadRun(t)
	d.did(t, "volume", map[string]any{"Name": "data"})
	err := removeFolder(t.Context(), d.dir)
	require.ErrorContains(t, err, `of the kind "volume", which this program does not know`)
	require.Empty(t, d.notes())
	require.Len(t, undo.Of(d.dir, "volume"), 1)
	require.Equal(t, []string{stable}, d.engine.Names("sha256:users"))
}

// TestWhatIsKeptStaysWithoutItsNote has an emptied temporary folder: which name
// the image had cannot be known, so it stays.
func TestWhatIsKeptStaysWithoutItsNote(t *testing.T) {
	d := newDeadRun(t)
	require.NoError(t, os.RemoveAll(d.dir))
	require.NoError(t, Sweep(t.Context(), []*client.Client{d.engine.Client(t)}, mine))
	require.Equal(t, []string{kept}, d.engine.Names("sha256:users"))
}
