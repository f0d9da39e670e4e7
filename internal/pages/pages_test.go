package pages

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/evidence"
	"builders.test/internal/book"
	"builders.test/internal/campaign/bench"
	"builders.test/internal/report"
	"builders.test/internal/uses"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

const root = "../.."

// releases are the columns of the README's table.
var releases = []string{"v0.11.5", "v0.34.2"}

// -update writes the pages, and keeps what the last `make test` came to on the two
// releases.
func TestPagesFollowFromTheClaims(t *testing.T) {
	whole, err := book.Open(t.Context(), root, "", os.Stderr)
	assert.NilError(t, err)
	claims := whole.WithoutRegressions().Claims
	var results []Result
	for _, release := range releases {
		path := filepath.Join(root, "docs", "results", release+".json")
		if golden.FlagUpdate() {
			keep(t, filepath.Join(root, "build", "test", release), path)
		}
		r, err := ReadResult(path)
		assert.NilError(t, err)
		results = append(results, r)
	}
	current(t, "README.md", func(text string) string { return Readme(text, claims, results...) })
	current(t, "docs/answers.md", func(text string) string { return Answers(text, claims) })
}

// -update keeps what the last `make bench` measured, and writes its tables.
func TestThePageAboutPerformanceHasWhatWasMeasured(t *testing.T) {
	path := filepath.Join(root, "docs", "results", bench.File)
	if last, err := bench.Read(filepath.Join(root, "build", "bench", bench.File)); err == nil && golden.FlagUpdate() {
		assert.NilError(t, last.Write(path))
	}
	tables := "Not measured yet: `make bench`, then `make docs`.\n"
	if set, err := bench.Read(path); err == nil {
		tables = set.Tables()
	}
	current(t, "docs/performance.md", func(text string) string { return Performance(text, tables) })
}

// -update adds which claims use what, as the last `make test` showed it.
func TestGuardsAreOfClaimsThatExist(t *testing.T) {
	whole, err := book.Open(t.Context(), root, "", os.Stderr)
	assert.NilError(t, err)
	exists := func(id string) bool {
		return slices.ContainsFunc(whole.Claims, func(c claim.Listed) bool { return c.ID == id })
	}
	path := filepath.Join(root, "internal", "uses", "guards.json")
	run := filepath.Join(root, "build", "test", releases[len(releases)-1])
	if r, err := report.Read(filepath.Join(run, report.File)); err == nil && r.Selection == "" && golden.FlagUpdate() {
		var proofs []uses.Proof
		for _, c := range r.Claims {
			proofs = append(proofs, uses.Proof{ID: c.ID, Text: c.Text, Commands: evidence.Commands(os.DirFS(run), c.Evidence)})
		}
		before, err := uses.Kept()
		assert.NilError(t, err)
		now := uses.FromRun(os.DirFS(root), proofs).And(before, exists)
		encoded, err := now.Encode()
		assert.NilError(t, err)
		assert.NilError(t, os.WriteFile(path, encoded, 0o644))
	}
	guards, err := uses.Kept()
	assert.NilError(t, err)
	for item, ids := range guards {
		for _, id := range ids {
			assert.Check(t, exists(id), "%s is guarded by %s, which is no claim", item, id)
		}
	}
}

// keep keeps the result of a run that was made and is complete.
func keep(t *testing.T, run, path string) {
	t.Helper()
	r, err := report.Read(filepath.Join(run, report.File))
	if err != nil || r.Selection != "" {
		return
	}
	encoded, err := json.MarshalIndent(ResultOf(r), "", "  ")
	assert.NilError(t, err)
	assert.NilError(t, os.WriteFile(path, append(encoded, '\n'), 0o644))
}

func current(t *testing.T, page string, write func(string) string) {
	t.Helper()
	path := filepath.Join(root, page)
	text, err := os.ReadFile(path)
	assert.NilError(t, err)
	want := write(string(text))
	if golden.FlagUpdate() {
		assert.NilError(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	assert.Check(t, string(text) == want, "%s is stale; `make docs` regenerates it", page)
}

// some returns a small book.
func some() []claim.Listed {
	var all []claim.Listed
	for id, where := range map[string]string{"caching/a": "caching_test.go:5", "caching/b": "caching_test.go:9", "buildkit/gc": "buildkit_gc_test.go:1"} {
		all = append(all, claim.Listed{Claim: claim.Claim{ID: id, Text: "It is so"}, Where: where})
	}
	return all
}

func TestReadme(t *testing.T) {
	was := "| chapter | claims | one | other |\n|---|---|---|---|\n| caching: own caches | 7 | 7 hold | 7 hold |\n| buildkit: why | 1 | - | - |\n"
	one := Result{Verdicts: map[string]claim.Verdict{"caching/a": claim.Holds, "caching/b": claim.NotApplicable, "buildkit/gc": claim.Broken}}
	other := Result{Verdicts: map[string]claim.Verdict{"caching/a": claim.Holds}}
	want := "| chapter | claims | one | other |\n|---|---|---|---|\n| caching: own caches | 2 | 1 hold, 1 not applicable | 1 hold, 1 not run |\n| buildkit: why | 1 | 1 broken | 1 not run |\n"
	assert.Equal(t, Readme(was, some(), one, other), want)
	assert.Equal(t, Readme(want, some(), one, other), want, "it stays as it is")
}

func TestPerformance(t *testing.T) {
	was := "# Performance\n\n<!-- bench -->\nold $1\n<!-- /bench -->\n\nText.\n"
	want := "# Performance\n\n<!-- bench -->\n\nnew $1\n\n<!-- /bench -->\n\nText.\n"
	assert.Equal(t, Performance(was, "new $1\n"), want)
	assert.Equal(t, Performance(want, "new $1\n"), want, "it stays as it is")
}

func TestAnswers(t *testing.T) {
	was := "# Answers\n\n## [Whose?](../caching_test.go)\n\nIts own: `caching/a`.\n\n## [Why?](../buildkit_test.go)\n\nIt is fast.\n"
	want := "# Answers\n\n## [Whose?](../caching_test.go)\n\nIts own: `caching/a`.\n\n**Also proven:**\n\n- `caching/b`: It is so\n\n" +
		"## [Why?](../buildkit_test.go)\n\nIt is fast.\n\n**Also proven:**\n\n- `buildkit/gc`: It is so\n"
	assert.Equal(t, Answers(was, some()), want)
	assert.Equal(t, Answers(want, some()), want, "it stays as it is")
	told := strings.Replace(want, "It is fast.", "It is fast: `buildkit/gc`, `caching/b`.", 1)
	assert.Equal(t, Answers(told, some()), strings.Replace(was, "It is fast.", "It is fast: `buildkit/gc`, `caching/b`.", 1), "what an answer names is not listed")
}
