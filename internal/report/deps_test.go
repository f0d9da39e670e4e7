package report_test

import (
	"os/exec"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// What is read, rendered, compared and counted needs no engine, so whoever only
// looks at reports builds in seconds.
func TestDataAndViewsLinkNoDocker(t *testing.T) {
	rooms := []string{
		"helpers/claim", "helpers/subject", "helpers/progress", "helpers/evidence",
		"internal/report", "internal/dossier", "internal/compare", "internal/matrix", "internal/soak", "internal/bisect", "internal/run",
		"internal/console", "internal/markdown", "internal/junit", "internal/page", "internal/check/views", "internal/makefile",
	}
	for _, room := range rooms {
		out, err := exec.Command("go", "list", "-deps", "../../"+room).Output()
		assert.NilError(t, err, room)
		for dependency := range strings.FieldsSeq(string(out)) {
			foreign := dependency == "testing" || strings.HasPrefix(dependency, "github.com/docker/docker") || strings.Contains(dependency, "testcontainers")
			assert.Check(t, !foreign, "%s needs %s", room, dependency)
		}
	}
}
