package env

import (
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"builders.test/helpers/internal/toyengine"
	"builders.test/helpers/undo"
	"github.com/gofrs/flock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestIsBackup(t *testing.T) {
	e := &Environment{Run: "0a1b2c3d", counter: new(atomic.Int64)}
	require.True(t, IsBackup(backupName(e.Run, "busybox")))
	for _, other := range []string{e.Image("app"), e.SharedImage("base"), "kept:1", "moby/buildkit:latest", "example.com/x/kept:1"} {
		require.False(t, IsBackup(other), other)
	}
}

func TestOnlyRunsThatGoOnHaveSavedATag(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	const host, ref = "unix:///docker.sock", "busybox"
	mine, theirs := filepath.Join(os.TempDir(), Prefix+"00000001"), filepath.Join(os.TempDir(), Prefix+"00000002")
	for _, dir := range []string{mine, theirs} {
		require.NoError(t, os.Mkdir(dir, 0o700))
		_, err := undo.NewLog(dir).Write(tagKind, savedTag{Host: host, Ref: ref}.key(), savedTag{Host: host, Ref: ref, Was: "sha256:" + dir})
		require.NoError(t, err)
	}
	_, ok := savedTag{Host: host, Ref: ref}.savedBeside(mine)
	require.False(t, ok, "a run that is dead counts")

	alive := flock.New(LockFile(theirs))
	held, err := alive.TryLock()
	require.NoError(t, err)
	require.True(t, held)
	found, ok := savedTag{Host: host, Ref: ref}.savedBeside(mine)
	require.True(t, ok, "a run that goes on does not count")
	require.Equal(t, "sha256:"+theirs, found.Was)
	_, ok = savedTag{Host: "unix:///another.sock", Ref: ref}.savedBeside(mine)
	require.False(t, ok, "the name on another engine is another name")
}

// run returns an environment with a folder and a lock, which is all that saving tags
// needs.
func run(t *testing.T, id string, engine *toyengine.Engine) *Environment {
	t.Helper()
	dir := filepath.Join(os.TempDir(), Prefix+id)
	e := &Environment{
		Run: id, Dir: dir, Undo: undo.NewLog(dir), counter: new(atomic.Int64),
		Engine: Engine{Host: engine.Host}, Client: engine.Client(t),
	}
	require.NoError(t, os.Mkdir(e.Dir, 0o700))
	e.lock = flock.New(LockFile(e.Dir))
	held, err := e.lock.TryLock()
	require.NoError(t, err)
	require.True(t, held)
	return e
}

// end restores the tags that a run has saved, and ends the run.
func (e *Environment) end(t *testing.T) {
	t.Helper()
	require.NoError(t, e.restoreTags())
	require.NoError(t, e.lock.Unlock())
	require.NoError(t, os.RemoveAll(e.Dir))
}

const stable = "moby/buildkit:buildx-stable-1"

func TestTheLastOfTheRunsRestores(t *testing.T) {
	for order, names := range map[string][]string{"as they came": {"one", "two"}, "the other way round": {"two", "one"}} {
		t.Run(order, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			t.Setenv("XDG_CACHE_HOME", t.TempDir())
			engine := toyengine.New(t)
			engine.Name("sha256:users", stable)
			runs := map[string]*Environment{"one": run(t, "00000001", engine), "two": run(t, "00000002", engine)}
			require.NoError(t, runs["one"].SaveTag(t.Context(), stable))
			engine.Name("sha256:pulled", stable)
			require.NoError(t, runs["two"].SaveTag(t.Context(), stable))

			runs[names[0]].end(t)
			require.Equal(t, "sha256:pulled", engine.ID(stable), "a run that goes on lost the name")
			runs[names[1]].end(t)
			require.Equal(t, []string{stable}, engine.Names("sha256:users"))
			require.Empty(t, engine.ID("sha256:pulled"))
		})
	}
}

// TestAnotherUsersRunHasSavedIt hides what only the same user may read: the notes
// of the first run.
func TestAnotherUsersRunHasSavedIt(t *testing.T) {
	for order, names := range map[string][]string{"as they came": {"one", "two"}, "the other way round": {"two", "one"}} {
		t.Run(order, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			t.Setenv("XDG_CACHE_HOME", t.TempDir())
			engine := toyengine.New(t)
			engine.Name("sha256:users", stable)
			runs := map[string]*Environment{"one": run(t, "00000001", engine), "two": run(t, "00000002", engine)}
			require.NoError(t, runs["one"].SaveTag(t.Context(), stable))
			engine.Name("sha256:pulled", stable)
			unreadable(t, runs["one"], func() { require.NoError(t, runs["two"].SaveTag(t.Context(), stable)) })

			other := map[string]*Environment{"one": runs["two"], "two": runs["one"]}[names[0]]
			unreadable(t, other, func() { runs[names[0]].end(t) })
			runs[names[1]].end(t)
			require.Equal(t, "sha256:users", engine.ID(stable), "the user's name went to what a run had pulled")
			require.Equal(t, []string{stable}, engine.Names("sha256:users"))
		})
	}
}

// unreadable is how another user sees a run's notes.
func unreadable(t *testing.T, e *Environment, do func()) {
	t.Helper()
	note, hidden := filepath.Join(e.Dir, "undo"), filepath.Join(e.Dir, "hidden")
	require.NoError(t, os.Rename(note, hidden))
	do()
	require.NoError(t, os.Rename(hidden, note))
}

// TestANameThatMovesWhileItIsLookedAt has another user's run restore the name
// between two questions to the engine.
func TestANameThatMovesWhileItIsLookedAt(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	engine := toyengine.New(t)
	engine.Name("sha256:users", stable)
	first, second := run(t, "00000001", engine), run(t, "00000002", engine)
	require.NoError(t, first.SaveTag(t.Context(), stable))
	engine.Name("sha256:pulled", stable)
	var once sync.Once
	engine.Before(func(request string) {
		if request == "GET /images/json" {
			once.Do(func() {
				engine.Name("sha256:users", stable)
				engine.Remove(backupName(first.Run, stable))
			})
		}
	})
	unreadable(t, first, func() { require.NoError(t, second.SaveTag(t.Context(), stable)) })
	notes := undo.Of(second.Dir, tagKind)
	require.Len(t, notes, 1)
	var saved savedTag
	require.NoError(t, notes[0].Read(&saved))
	require.Equal(t, "sha256:users", saved.Was)
}

// TestTheBackupOfADeadRunIsNotAsked has a dead run that could not clean up: the
// user may have given that name to another image since.
func TestTheBackupOfADeadRunIsNotAsked(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	engine := toyengine.New(t)
	engine.Name("sha256:old", backupName("00000001", stable))
	engine.Name("sha256:new", stable)
	e := run(t, "00000002", engine)
	require.NoError(t, e.SaveTag(t.Context(), stable))
	engine.Name("sha256:pulled", stable)
	e.end(t)
	require.Equal(t, "sha256:new", engine.ID(stable))
}

// TestBothRestoreAtOnce has another user's run restore at the same moment: no
// lock keeps the two apart, and neither may leave the name to the other.
func TestBothRestoreAtOnce(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	engine := toyengine.New(t)
	engine.Name("sha256:users", stable)
	one, two := run(t, "00000001", engine), run(t, "00000002", engine)
	require.NoError(t, one.SaveTag(t.Context(), stable))
	engine.Name("sha256:pulled", stable)
	require.NoError(t, two.SaveTag(t.Context(), stable))

	var begun atomic.Bool
	engine.Before(func(string) {
		if begun.CompareAndSwap(false, true) {
			t.Setenv("XDG_CACHE_HOME", t.TempDir())
			assert.NoError(t, two.restoreTags())
		}
	})
	require.NoError(t, one.restoreTags())
	require.True(t, begun.Load())
	require.Equal(t, []string{stable}, engine.Names("sha256:users"))
}

func TestUnrestored(t *testing.T) {
	for now, tc := range map[string]struct {
		then func(engine *toyengine.Engine)
		want []string
	}{
		"restored":               {func(*toyengine.Engine) {}, nil},
		"as the run had made it": {func(e *toyengine.Engine) { e.Name("sha256:pulled", stable) }, []string{stable}},
		"as the run had made it, and the user removed the image": {func(e *toyengine.Engine) { e.Name("sha256:pulled", stable); e.Remove("sha256:users") }, nil},
		"somebody has made it another":                           {func(e *toyengine.Engine) { e.Name("sha256:other", stable) }, nil},
		"somebody took it away":                                  {func(e *toyengine.Engine) { e.Name("sha256:users", "other:1"); e.Remove(stable) }, nil},
	} {
		t.Run(now, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			t.Setenv("XDG_CACHE_HOME", t.TempDir())
			engine := toyengine.New(t)
			engine.Name("sha256:users", stable)
			e := run(t, "00000001", engine)
			require.NoError(t, e.SaveTag(t.Context(), stable))
			engine.Name("sha256:pulled", stable)
			require.NoError(t, e.BeforeRestore(t.Context()))
			e.end(t)
			tc.then(engine)
			still, err := e.Unrestored(t.Context())
			require.NoError(t, err)
			require.Equal(t, tc.want, still)

			other := run(t, "00000002", engine)
			require.NoError(t, other.SaveTag(t.Context(), stable))
			for _, look := range []func(func()){func(do func()) { do() }, func(do func()) { unreadable(t, other, do) }} {
				look(func() { still, err = e.Unrestored(t.Context()) })
				require.NoError(t, err)
				require.Empty(t, still, "another run needs the name")
			}
		})
	}
}
