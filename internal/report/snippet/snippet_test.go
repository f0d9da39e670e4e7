package snippet

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"builders.test/helpers/evidence"
	"builders.test/helpers/progress"
	"gotest.tools/v3/assert"
)

func TestTextsKeepBothEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		in   Text
		room Limit
		want Text
	}{
		"short":            {Text{Head: "all of it"}, Limit{5, 5}, Text{Head: "all of it"}},
		"long":             {Text{Head: "0123456789"}, Limit{2, 3}, Text{Head: "01", Tail: "789", Gap: 5}},
		"at ends of lines": {Text{Head: "one\ntwo\nthree\nfour\nfive\n"}, Limit{6, 12}, Text{Head: "one\n", Tail: "four\nfive\n", Gap: 10}},
		"with a gap":       {Text{Head: "01234", Tail: "56789", Gap: 100}, Limit{2, 2}, Text{Head: "01", Tail: "89", Gap: 106}},
		"nothing":          {Text{Head: "01234"}, Limit{}, Text{Gap: 5}},
		"whole letters":    {Text{Head: "ääääää"}, Limit{3, 3}, Text{Head: "ä", Tail: "ä", Gap: 8}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.in.Keep(tc.room), tc.want) })
	}
}

func TestLongFilesAreReadAtBothEnds(t *testing.T) {
	dir := t.TempDir()
	content := "first\n" + strings.Repeat("x", 3*keptEnd) + "\nlast"
	assert.NilError(t, os.WriteFile(filepath.Join(dir, "long"), []byte(content), 0o644))
	got := readText(os.DirFS(dir), "long")
	assert.Assert(t, strings.HasPrefix(got.Head, "first\n") && strings.HasSuffix(got.Tail, "\nlast"))
	assert.Equal(t, int64(len(got.Head)+len(got.Tail))+got.Gap, int64(len(content)))
}

func TestCommandsComeInTheirOrder(t *testing.T) {
	dir := t.TempDir()
	folder, err := evidence.Create(dir, "a/b")
	assert.NilError(t, err)
	for i := range 120 {
		assert.NilError(t, folder.Command(evidence.Command{Args: []string{"docker", fmt.Sprint(i)}}))
	}
	e := read(os.DirFS(dir), "evidence/a/b")
	for i, c := range e.Commands {
		assert.Equal(t, c.Args[1], fmt.Sprint(i))
	}
	assert.Equal(t, len(e.Commands), 120)
}

func TestTheMostRelevantStepsAreKept(t *testing.T) {
	at := func(seconds int) *time.Time { when := time.Unix(int64(seconds), 0); return &when }
	steps := newSteps([]progress.Vertex{
		{Name: "never"},
		{Name: "failed", Started: at(9), Completed: at(9), Error: "exit code: 1"},
		{Name: "long", Started: at(5), Completed: at(8)},
		{Name: "short", Started: at(1), Completed: at(2)},
	}, "progress.rawjson")
	names := func(steps []Step) []string {
		var all []string
		for _, s := range steps {
			all = append(all, s.Name)
		}
		return all
	}
	assert.DeepEqual(t, names(steps), []string{"short", "long", "failed", "never"})
	assert.DeepEqual(t, names(MostRelevant(steps, 2)), []string{"long", "failed"})
}
