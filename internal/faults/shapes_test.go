//go:build faults

package faults

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

// unanswered are the shapes whose scripts do not hold at the first try, and what the
// reason says: each is something that the project does not say.
var unanswered = map[string]string{
	"arg-without-default":    "base name (${BASE}) should not be blank",
	"compose-needs-settings": "DATABASE_URL is not set",
	"remote-context":         "git.invalid",
}

// leastHolding is how many shapes have to hold at the first try.
const leastHolding = 36

// TestShapes writes first scripts for projects as people have them, and proves them.
func TestShapes(t *testing.T) {
	shapes, err := filepath.Glob(filepath.Join("..", "uses", "scaffold", "testdata", "shapes", "*.txtar"))
	require.NoError(t, err)
	holding := 0
	for _, path := range shapes {
		name := strings.TrimSuffix(filepath.Base(path), ".txtar")
		ok := t.Run(name, func(t *testing.T) { initiate(t, path, unanswered[name]) })
		if ok && unanswered[name] == "" {
			holding++
		}
	}
	t.Logf("%d of %d shapes hold at the first try", holding, len(shapes))
	require.GreaterOrEqual(t, holding, leastHolding)
}

// initiate proves the scripts for one shape. If a reason is given, one of them does not hold
// for that reason, and has a question about it.
func initiate(t *testing.T, shape, reason string) {
	archive, err := txtar.ParseFile(shape)
	require.NoError(t, err)
	files, err := txtar.FS(archive)
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(shape), ".txtar"))
	require.NoError(t, os.CopyFS(dir, files))
	specs, out := filepath.Join(dir, "specs"), t.TempDir()
	said, err := inLab("init", dir, "--specs", specs).CombinedOutput()
	require.NoError(t, err, "%s", said)
	before := filesIn(t, dir)

	r := begin(t, inLab("check", "--specs", specs, "--buildkit", buildKit, "--confirm", "0", "--out", out))
	r.wait(t)
	found, err := report.Read(filepath.Join(out, report.File))
	require.NoError(t, err, r.said)
	require.Equal(t, before, filesIn(t, dir), "the project has changed")
	require.Empty(t, found.RunErrors)
	var failed []string
	for _, one := range found.Claims {
		t.Logf("%s: %s %s", one.ID, one.Verdict, one.Reason)
		if one.Verdict != claim.Holds {
			failed = append(failed, one.Reason)
		}
	}
	if reason == "" {
		require.Empty(t, failed)
		return
	}
	require.Len(t, failed, 1)
	require.Contains(t, failed[0], reason)
}

// filesIn lists the files of a folder with their content.
func filesIn(t *testing.T, dir string) []string {
	var all []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		all = append(all, path+": "+string(content))
		return err
	}))
	slices.Sort(all)
	return all
}
