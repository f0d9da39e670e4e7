package plan

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"gotest.tools/v3/assert"
)

func TestCells(t *testing.T) {
	cells, err := Axes{BuildKitVersions: "v0.11.5, v0.34.2", Drivers: "docker-container docker", Stores: "containerd overlay2"}.Cells()
	assert.NilError(t, err)
	assert.DeepEqual(t, cells, []Cell{
		{"v0.11.5", "", "docker-container", "containerd"},
		{"v0.34.2", "", "docker-container", "containerd"},
		{"", "", "docker", "containerd"},
		{"v0.11.5", "", "docker-container", "overlay2"},
		{"v0.34.2", "", "docker-container", "overlay2"},
		{"", "", "docker", "overlay2"},
	})
	_, err = Axes{Drivers: "podman"}.Cells()
	assert.ErrorContains(t, err, "DRIVER=podman")
	_, err = Axes{BuildKitVersions: "new"}.Cells()
	assert.ErrorContains(t, err, "BUILDKIT=new")
}

func TestFoldersDiffer(t *testing.T) {
	c := Cell{"docker.io/moby/buildkit:v0.34.2", "v0.38.2", "remote", "overlay2"}
	assert.Equal(t, c.Folder(), "docker.io-moby-buildkit-v0.34.2_v0.38.2_remote_overlay2")
	assert.Equal(t, Cell{}.Folder(), "default")
	assert.Equal(t, c.Command(), "make check REGRESSIONS=1 BUILDKIT=docker.io/moby/buildkit:v0.34.2 BUILDX=v0.38.2 DRIVER=remote STORE=overlay2 OUT=build/matrix/docker.io-moby-buildkit-v0.34.2_v0.38.2_remote_overlay2")
}

func TestACellsCommandCanBePasted(t *testing.T) {
	c := Cell{BuildKit: "v0.34.2", Buildx: "/new;buildx/it's"}
	assert.Equal(t, c.Command(), `make check REGRESSIONS=1 BUILDKIT=v0.34.2 BUILDX='/new;buildx/it'\''s' OUT=build/matrix/v0.34.2_new-buildx-it-s`)
}

func TestForms(t *testing.T) {
	cells := []Cell{{BuildKit: "v0.11.5"}, {BuildKit: "v0.34.2", Driver: "remote"}}
	var github bytes.Buffer
	assert.NilError(t, WriteGitHub(&github, cells))
	var matrix struct{ Include []map[string]string }
	assert.NilError(t, json.Unmarshal(github.Bytes(), &matrix))
	assert.Equal(t, matrix.Include[1]["driver"], "remote")
	assert.Equal(t, matrix.Include[1]["command"], cells[1].Command())

	var gitlab bytes.Buffer
	assert.NilError(t, WriteGitLab(&gitlab, cells))
	var pipeline map[string]any
	assert.NilError(t, yaml.Unmarshal(gitlab.Bytes(), &pipeline))
	job := pipeline["check v0.34.2_remote"].(map[string]any)
	assert.DeepEqual(t, job["script"], []any{cells[1].Command()})
	merge := pipeline["merge"].(map[string]any)
	assert.DeepEqual(t, merge["script"], []any{"make bin/builders", "bin/builders merge --html build/report.html build/matrix/*"})
	artifacts := merge["artifacts"].(map[string]any)
	assert.Equal(t, artifacts["when"], "always", "a red merge does not keep its page")
	assert.DeepEqual(t, artifacts["paths"], []any{"build/report.html", "build/matrix"})
}

// TestTheRecipesKeepTheirReports reads the recipes as GitHub does: every job that
// writes a report keeps it, even if the job is red.
func TestTheRecipesKeepTheirReports(t *testing.T) {
	text, err := os.ReadFile("../../docs/ci.md")
	assert.NilError(t, err)
	kept := map[string]string{}
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		var workflow struct {
			Jobs map[string]struct {
				Steps []struct {
					Run, Uses, If string
					With          map[string]string
				}
			}
		}
		assert.NilError(t, yaml.Unmarshal([]byte(block[1]), &workflow), block[1])
		for name, job := range workflow.Jobs {
			for _, step := range job.Steps {
				if strings.HasPrefix(step.Uses, "actions/upload-artifact") {
					assert.Equal(t, step.If, "always()", name)
					kept[name] = step.With["path"]
				}
			}
		}
	}
	assert.DeepEqual(t, kept, map[string]string{"check": "${{ matrix.out }}", "merge": "report.html"})
}
