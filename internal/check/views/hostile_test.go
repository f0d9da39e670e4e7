package views

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"builders.test/helpers/claim"
	"builders.test/internal/compare"
	"builders.test/internal/console"
	"builders.test/internal/matrix"
	"builders.test/internal/report"
	"builders.test/internal/results"
	"builders.test/internal/show"
	"builders.test/internal/soak"
	"gotest.tools/v3/assert"
)

// hostileRun is a report in which every text but the verdicts has an escape
// sequence, a mark that turns the direction of writing, and a line break.
const hostileRun = "testdata/hostile"

func TestEveryTextOfTheHostileReportIsHostile(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(hostileRun, report.File))
	assert.NilError(t, err)
	var all any
	assert.NilError(t, json.Unmarshal(content, &all))
	seen := requireHostile(t, "", all)
	assert.Assert(t, seen > 60, "%d texts", seen)
}

func requireHostile(t *testing.T, key string, value any) int {
	t.Helper()
	seen := 0
	switch v := value.(type) {
	case string:
		if key == "verdict" {
			return 0
		}
		assert.Check(t, strings.Contains(v, "\x1b[2J") && strings.Contains(v, "\u202e") && strings.Contains(v, "\n"), "%s: %q", key, v)
		seen++
	case []any:
		assert.Check(t, len(v) > 0, "%s is empty", key)
		for _, one := range v {
			seen += requireHostile(t, key, one)
		}
	case map[string]any:
		for key, one := range v {
			seen += requireHostile(t, key, one)
		}
	}
	return seen
}

func TestNoViewPassesOnWhatIsHostile(t *testing.T) {
	one, err := results.Read(hostileRun)
	assert.NilError(t, err)
	two, err := results.Read(hostileRun, hostileRun)
	assert.NilError(t, err)
	r := one.Runs[0].Report
	other := r
	other.Claims = append([]report.Claim{}, r.Claims...)
	other.Claims[0].Facts = []claim.Fact{{Name: r.Claims[0].Facts[0].Name, Value: "another"}}
	other.Claims[0].Verdict, other.Claims[0].Known, other.Claims[0].Tries = claim.Holds, "", nil
	compared := results.Compare(results.Run{Dir: hostileRun, Report: other}, one.Runs[0])
	assert.Equal(t, len(compared.Comparison.Shapes), 1)

	out := t.TempDir()
	for name, d := range map[string]results.Set{"one": one, "two": two, "compared": compared} {
		at := func(kind string) string { return filepath.Join(out, name+kind) }
		assert.NilError(t, Files{HTML: at(".html"), JUnit: at(".xml"), Markdown: at(".md")}.Write(d, nil))
	}
	assert.NilError(t, WriteSoak(out, soak.Of(1, soak.Column{Label: "v1", Short: "v1", Runs: []soak.Run{{Number: 1, Report: &r}}})))

	var said bytes.Buffer
	screen := console.New(&said, &said, "out")
	for _, c := range r.Claims {
		screen.Started(c)
		screen.Finished(c)
	}
	screen.Summary(r, time.Second)
	screen.Comparison(compare.Reports(other, r))
	screen.Matrix(matrix.New(r, other), []float64{1, 2})
	screen.Soak(soak.Of(1, soak.Column{Label: "v1", Short: "v1", Runs: []soak.Run{{Number: 1, Report: &r}}}))
	sheet := show.Of(claim.Listed{Claim: claim.Claim{ID: r.Claims[0].ID}}, nil, hostileRun, "")
	assert.NilError(t, sheet.Write(&said, 80))
	assert.NilError(t, os.WriteFile(filepath.Join(out, "console"), said.Bytes(), 0o600))

	files, err := os.ReadDir(out)
	assert.NilError(t, err)
	assert.Equal(t, len(files), 3*3+3+1)
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join(out, file.Name()))
		assert.NilError(t, err)
		assert.Assert(t, strings.Contains(string(content), "harm"), "%s shows none of it", file.Name())
		for _, c := range string(content) {
			harmless := c == '\n' || c == '\t' || !unicode.IsControl(c) && !unicode.Is(unicode.Bidi_Control, c)
			assert.Assert(t, harmless, "%s has %q", file.Name(), c)
		}
		assert.Assert(t, !strings.Contains(string(content), "broken\nin two"), "%s breaks a line", file.Name())
	}
}
