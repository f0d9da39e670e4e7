package undo

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// world is what runs change: things by name, each with a value. It undoes changes
// of the kinds "first" and "second", in this order.
type world struct {
	things map[string]string
	// fails holds the things that cannot be undone.
	fails map[string]bool
	// undone are the things that were restored, in order.
	undone []string
}

// was is a note's content.
type was struct{ Thing, Value string }

func newWorld() *world { return &world{things: map[string]string{}, fails: map[string]bool{}} }

func (w *world) handlers() []Handler {
	return []Handler{{Kind: "first", Undo: w.undo}, {Kind: "second", Undo: w.undo}}
}

func (w *world) undo(_ context.Context, n Note) error {
	var before was
	if err := n.Read(&before); err != nil {
		return err
	}
	if w.fails[before.Thing] {
		return errors.New(before.Thing + " fails")
	}
	w.things[before.Thing] = before.Value
	w.undone = append(w.undone, before.Thing)
	return nil
}

// change notes what a thing is and then changes it, as a run does.
func (w *world) change(t *testing.T, l *Log, kind, thing, value string) {
	t.Helper()
	_, err := l.Write(kind, thing, was{thing, w.things[thing]})
	require.NoError(t, err)
	w.things[thing] = value
}

func left(t *testing.T, run string) []string {
	t.Helper()
	all, err := paths(run)
	require.NoError(t, err)
	var names []string
	for _, path := range all {
		names = append(names, filepath.Base(path))
	}
	return names
}

func TestTheOrder(t *testing.T) {
	run, w := t.TempDir(), newWorld()
	l := NewLog(run)
	w.change(t, l, "second", "c", "1")
	w.change(t, l, "first", "a", "1")
	w.change(t, l, "first", "b", "1")
	w.change(t, l, "second", "c", "2")
	require.NoError(t, All(t.Context(), run, w.handlers()...))
	require.Equal(t, []string{"b", "a", "c", "c"}, w.undone)
	require.Equal(t, map[string]string{"a": "", "b": "", "c": ""}, w.things)
	require.Empty(t, left(t, run))
}

func TestTheOrderOfManyNotes(t *testing.T) {
	run, w := t.TempDir(), newWorld()
	l := NewLog(run)
	for i := range 120 {
		w.change(t, l, "first", "a", string(rune('A'+i)))
	}
	require.NoError(t, All(t.Context(), run, w.handlers()...))
	require.Equal(t, "", w.things["a"])
}

// TestEachFailsOnce makes one thing after the other fail: its note stays, the
// others are undone, and the next pass finishes.
func TestEachFailsOnce(t *testing.T) {
	for _, thing := range []string{"a", "b", "c", "d"} {
		t.Run(thing, func(t *testing.T) {
			run, w := t.TempDir(), newWorld()
			l := NewLog(run)
			w.change(t, l, "first", "a", "1")
			w.change(t, l, "first", "b", "1")
			w.change(t, l, "second", "c", "1")
			w.change(t, l, "second", "d", "1")
			w.fails[thing] = true
			require.EqualError(t, All(t.Context(), run, w.handlers()...), thing+" fails")
			require.Len(t, w.undone, 3)
			require.Len(t, left(t, run), 1)
			require.Equal(t, "1", w.things[thing])

			w.fails[thing] = false
			require.NoError(t, All(t.Context(), run, w.handlers()...))
			require.Equal(t, map[string]string{"a": "", "b": "", "c": "", "d": ""}, w.things)
			require.Empty(t, left(t, run))
		})
	}
}

// TestAThingThatWasChangedTwice keeps its older note until the newer one is
// undone: otherwise the thing would end up as it was in between.
func TestAThingThatWasChangedTwice(t *testing.T) {
	run, w := t.TempDir(), newWorld()
	l := NewLog(run)
	w.change(t, l, "first", "a", "1")
	w.change(t, l, "first", "b", "1")
	w.change(t, l, "first", "a", "2")
	w.fails["a"] = true
	require.EqualError(t, All(t.Context(), run, w.handlers()...), "a fails")
	require.Equal(t, map[string]string{"a": "2", "b": ""}, w.things)
	require.Len(t, left(t, run), 2)
	newest, ok := Find(run, "first", "a")
	require.True(t, ok)
	require.JSONEq(t, `{"Thing":"a","Value":"1"}`, string(newest.Was))
	_, ok = Find(run, "second", "a")
	require.False(t, ok)

	w.fails["a"] = false
	require.NoError(t, All(t.Context(), run, w.handlers()...))
	require.Equal(t, map[string]string{"a": "", "b": ""}, w.things)
}

// TestKilledAtEachMoment kills a run, and the process that undoes its changes,
// between any two steps.
func TestKilledAtEachMoment(t *testing.T) {
	for moment, kill := range map[string]func(t *testing.T, run string, w *world, l *Log){
		"before anything": func(*testing.T, string, *world, *Log) {},
		"in the middle of the note": func(t *testing.T, run string, _ *world, _ *Log) {
			require.NoError(t, os.MkdirAll(filepath.Join(run, folder), 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(run, folder, ".tmp-000001-first.json12"), []byte(`{"ki`), 0o600))
		},
		"between the note and the deed": func(t *testing.T, _ string, w *world, l *Log) {
			_, err := l.Write("first", "a", was{"a", w.things["a"]})
			require.NoError(t, err)
		},
		"after the deed": func(t *testing.T, _ string, w *world, l *Log) { w.change(t, l, "first", "a", "1") },
		"before it is undone": func(t *testing.T, run string, w *world, l *Log) {
			w.change(t, l, "first", "a", "1")
			_, err := Of(run, "first")[0].undoing()
			require.NoError(t, err)
		},
		"before the note is removed": func(t *testing.T, run string, w *world, l *Log) {
			w.change(t, l, "first", "a", "1")
			n, err := Of(run, "first")[0].undoing()
			require.NoError(t, err)
			require.NoError(t, w.undo(t.Context(), n))
		},
	} {
		t.Run(moment, func(t *testing.T) {
			run, w := t.TempDir(), newWorld()
			w.things["a"] = "0"
			kill(t, run, w, NewLog(run))
			require.NoError(t, All(t.Context(), run, w.handlers()...))
			require.Equal(t, map[string]string{"a": "0"}, w.things)
			require.Empty(t, left(t, run))
		})
	}
}

// TestWhatCannotBeReadIsLeftAlone has a note of a newer program, one that a disk
// tore, and one whose content does not fit its kind.
func TestWhatCannotBeReadIsLeftAlone(t *testing.T) {
	for name, tc := range map[string]struct{ content, says string }{
		"000002-third.json": {`{"kind":"third","was":{},"since":3}`, `of the kind "third", which this program does not know`},
		"000002-torn.json":  {`{"kind":"first","wa`, "unexpected end of JSON input"},
		"000002-empty.json": {``, "unexpected end of JSON input"},
		"000002-first.json": {`{"kind":"first","was":[]}`, "cannot unmarshal array"},
	} {
		t.Run(name, func(t *testing.T) {
			run, w := t.TempDir(), newWorld()
			l := NewLog(run)
			w.change(t, l, "first", "a", "1")
			require.NoError(t, os.WriteFile(filepath.Join(run, folder, name), []byte(tc.content), 0o600))
			w.change(t, l, "second", "b", "1") // 000002-second.json
			w.change(t, l, "second", "c", "1")
			for range 2 {
				err := All(t.Context(), run, w.handlers()...)
				require.ErrorContains(t, err, tc.says)
				require.ErrorContains(t, err, "000002-")
				require.Equal(t, map[string]string{"a": "", "b": "", "c": ""}, w.things)
				require.Len(t, left(t, run), 1)
			}
			kept, err := os.ReadFile(filepath.Join(run, folder, left(t, run)[0]))
			require.NoError(t, err)
			require.Equal(t, tc.content, string(kept))
		})
	}
}

func TestARunThatDidNothing(t *testing.T) {
	run := t.TempDir()
	require.NoError(t, All(t.Context(), run))
	require.NoError(t, All(t.Context(), filepath.Join(run, "missing")))
	entries, err := os.ReadDir(run)
	require.NoError(t, err)
	require.Empty(t, entries)
	require.Empty(t, Of(run, "first"))
}

// TestAFolderWithANameLikeAPattern must not be taken for one without notes.
func TestAFolderWithANameLikeAPattern(t *testing.T) {
	run, w := filepath.Join(t.TempDir(), "[a]*"), newWorld()
	require.NoError(t, os.Mkdir(run, 0o700))
	w.change(t, NewLog(run), "first", "a", "1")
	require.NoError(t, All(t.Context(), run, w.handlers()...))
	require.Equal(t, []string{"a"}, w.undone)
}

// TestANoteThatIsWrittenMeanwhile is not lost with the run's folder.
func TestANoteThatIsWrittenMeanwhile(t *testing.T) {
	run := t.TempDir()
	l := NewLog(run)
	_, err := l.Write("first", "", was{})
	require.NoError(t, err)
	err = All(t.Context(), run, Handler{Kind: "first", Undo: func(context.Context, Note) error {
		_, err := l.Write("first", "", was{})
		return err
	}})
	require.ErrorContains(t, err, "000002-first.json was not undone")
}

// TestTwoUndoAtOnce has a reaper and a person clean up at once.
func TestTwoUndoAtOnce(t *testing.T) {
	run, w := t.TempDir(), newWorld()
	l := NewLog(run)
	w.change(t, l, "first", "a", "1")
	w.change(t, l, "second", "b", "1")
	var both errgroup.Group
	for range 2 {
		both.Go(func() error { return All(t.Context(), run, w.handlers()...) })
	}
	require.NoError(t, both.Wait())
	require.Equal(t, []string{"a", "b"}, w.undone)
}

func TestWhoUndoesIsWaitedFor(t *testing.T) {
	run := t.TempDir()
	_, err := NewLog(run).Write("first", "", was{})
	require.NoError(t, err)
	err = All(t.Context(), run, Handler{Kind: "first", Undo: func(context.Context, Note) error {
		ctx, cancel := context.WithTimeout(t.Context(), 3*lockPause)
		defer cancel()
		require.ErrorIs(t, All(ctx, run), context.DeadlineExceeded)
		return nil
	}})
	require.NoError(t, err)
}

// TestUndoneWhileItWaited has another process remove a note before this one has
// its turn.
func TestUndoneWhileItWaited(t *testing.T) {
	run, w := t.TempDir(), newWorld()
	w.change(t, NewLog(run), "first", "a", "1")
	h := w.handlers()[0]
	h.Alone = func(ctx context.Context, n Note, do func() error) error {
		require.NoError(t, Handler{Kind: "first", Undo: w.undo}.Do(ctx, n))
		return do()
	}
	require.NoError(t, All(t.Context(), run, h))
	require.Equal(t, []string{"a"}, w.undone)
}

// TestWhatIsBeingUndoneSaysSo checks what runs that share a thing rely on.
func TestWhatIsBeingUndoneSaysSo(t *testing.T) {
	run := t.TempDir()
	n, err := NewLog(run).Write("first", "a", was{"a", "0"})
	require.NoError(t, err)
	require.False(t, n.Undoing())
	require.Equal(t, run, n.Run())
	var seen atomic.Bool
	fails := Handler{Kind: "first", Undo: func(context.Context, Note) error {
		seen.Store(slices.ContainsFunc(Of(run, "first"), Note.Undoing))
		return errors.New("failed")
	}}
	require.EqualError(t, fails.Do(t.Context(), *n), "failed")
	require.True(t, seen.Load())
	require.Equal(t, []string{"000001-first.undoing.json"}, left(t, run))
	require.EqualError(t, fails.Do(t.Context(), *n), "failed", "the note has another name by now, and is not undone")
}

func TestANoteThatHangsLeavesTimeForTheOthers(t *testing.T) {
	run := t.TempDir()
	_, err := NewLog(run).Write("first", "", was{})
	require.NoError(t, err)
	require.NoError(t, All(t.Context(), run, Handler{Kind: "first", Undo: func(ctx context.Context, _ Note) error {
		until, ok := ctx.Deadline()
		require.True(t, ok)
		require.LessOrEqual(t, time.Until(until), patience)
		return nil
	}}))
}

func TestANoteIsWholeOrNotThere(t *testing.T) {
	run := t.TempDir()
	l := NewLog(run)
	_, err := l.Write("first", "a", was{"a", "0"})
	require.NoError(t, err)
	_, err = l.Write("first", "a", func() {})
	require.Error(t, err)
	entries, err := os.ReadDir(filepath.Join(run, folder))
	require.NoError(t, err)
	require.Len(t, entries, 1)
	var before was
	require.NoError(t, Of(run, "first")[0].Read(&before))
	require.Equal(t, was{"a", "0"}, before)
}
