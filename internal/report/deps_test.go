package report_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// What reads, renders, compares and counts needs no engine, so a program that only
// looks at reports builds in seconds.
func TestDataAndViewsLinkNoDocker(t *testing.T) {
	rooms := []string{
		"helpers/claim", "helpers/subject", "helpers/progress", "helpers/evidence",
		"internal/report", "internal/results", "internal/compare", "internal/matrix", "internal/soak", "internal/bisect", "internal/run",
		"internal/console", "internal/markdown", "internal/junit", "internal/page", "internal/check/views", "internal/makefile",
		"internal/check/exit", "internal/text/sanitize", "internal/report/snippet", "internal/text", "internal/show", "internal/rate", "internal/history",
		"internal/plan", "internal/book", "internal/versions", "internal/sabotage", "internal/existing",
		"internal/kin", "internal/licenses", "internal/tree",
	}
	for _, line := range listed(t, `{{.ImportPath}}{{range .Deps}},{{.}}{{end}}`, rooms...) {
		needed := strings.Split(line, ",")
		for _, dependency := range needed[1:] {
			foreign := dependency == "testing" || strings.HasPrefix(dependency, "github.com/docker/docker") || strings.Contains(dependency, "testcontainers")
			assert.Check(t, !foreign, "%s needs %s", needed[0], dependency)
		}
	}
}

// Text from outside is made safe where it comes in, and nowhere else: what shows it
// need not.
func TestOnlyDoorsSanitize(t *testing.T) {
	doors := []string{
		"book",             // what the specs' program says
		"check/exit",       // what failed, in the words of other programs
		"existing",         // what docker says about the engine
		"existing/orphans", // what an engine and records call things
		"history",          // history.json
		"report",           // report.json and subject.json
		"report/snippet",   // the evidence
		"run",              // the test stream
	}
	const own = "builders.test/internal/"
	var found []string
	for _, line := range listed(t, `{{.ImportPath}}{{range .Imports}},{{.}}{{end}}`, "internal/...") {
		imports := strings.Split(line, ",")
		if slices.Contains(imports[1:], own+"text/sanitize") {
			found = append(found, strings.TrimPrefix(imports[0], own))
		}
	}
	assert.DeepEqual(t, found, doors)
}

// listed returns a line, in a format of `go list`, about each of some rooms of the
// tree.
func listed(t *testing.T, format string, rooms ...string) []string {
	t.Helper()
	arguments := []string{"list", "-f", format}
	for _, room := range rooms {
		arguments = append(arguments, "../../"+room)
	}
	out, err := exec.Command("go", arguments...).Output()
	assert.NilError(t, err)
	return strings.Fields(string(out))
}
