package campaign

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/check"
	"builders.test/internal/check/exit"
	"builders.test/internal/report"
	"builders.test/internal/soak"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// soakToy runs a soak of the toy module.
func soakToy(t *testing.T, toy check.Workspace, runs, beside string) (said, soak.Soak) {
	t.Helper()
	s := Soak{Workspace: toy, Request: check.Request{Out: filepath.Join("build", "soak")}, Runs: runs, Beside: beside}
	got := do(t, &s.Workspace, &s)
	var all soak.Soak
	content, err := os.ReadFile(filepath.Join("build", "soak", soak.File))
	if err == nil {
		assert.NilError(t, json.Unmarshal(content, &all))
	}
	return got, all
}

func TestSoakCountsRunsAndKeepsThem(t *testing.T) {
	c := inToy(t, "")
	got, all := soakToy(t, c, "2", "2")
	assert.Equal(t, got.code, exit.Holds, "%s%s", got.out, got.errors)
	assert.Equal(t, all.Headline(), "No claim failed in 4 runs")
	assert.Equal(t, all.Columns[0].InCompany(), 4)
	assert.Equal(t, all.Claims[0].Tallies[0].Holds, 4)
	for _, file := range []string{soak.Page, soak.Markdown, "v0.11.5/run-01/report.json", "v0.11.5/run-02-beside/report.json"} {
		_, err := os.Stat(filepath.Join("build", "soak", file))
		assert.NilError(t, err)
	}

	got, all = soakToy(t, c, "3", "2")
	assert.Equal(t, strings.Count(got.out, "kept: "), 4, got.out)
	assert.Equal(t, all.Runs(), 5)

	// A run that was alone does not count as one alongside another.
	got, _ = soakToy(t, c, "3", "all")
	assert.Equal(t, strings.Count(got.out, "kept: "), 4, got.out)

	// An interrupted run is made again, and so is the one alongside it.
	assert.NilError(t, os.Remove("build/soak/v0.11.5/run-01-beside/cell.json"))
	got, _ = soakToy(t, c, "2", "all")
	assert.Equal(t, strings.Count(got.out, "kept: "), 2, got.out)
}

func TestSoakEndsWithOneForBroken(t *testing.T) {
	got, all := soakToy(t, inToy(t, "broken"), "2", "")
	assert.Equal(t, got.code, exit.Broken, "%s%s", got.out, got.errors)
	assert.Assert(t, cmp.Contains(got.out, "caching/third                       2 of 2 (broken)"))
	for _, seen := range all.Loud()[0].Tallies[0].Incidents {
		_, err := os.Stat(filepath.Join("build", "soak", seen.Folder, report.Page))
		assert.NilError(t, err)
	}
}

// The evidence of the run alongside a failure may explain it.
func TestEvidenceStaysWhereSomethingFailed(t *testing.T) {
	holds := report.New(report.Subject{}, []report.Claim{{ID: "a/b"}})
	known := report.New(report.Subject{}, []report.Claim{{ID: "a/b", Verdict: claim.Broken, Known: "moby/buildkit#1"}})
	unsteady := report.New(report.Subject{}, []report.Claim{{ID: "a/b", Verdict: claim.Unsteady}})
	leaky := holds
	leaky.RunErrors = []string{"left behind"}
	for _, tc := range []struct {
		name string
		runs []outcome
		stay bool
	}{
		{"all hold", []outcome{{report: holds}, {report: holds}}, false},
		{"what failed was known", []outcome{{report: known}}, false},
		{"one wavers", []outcome{{report: holds}, {report: unsteady}}, true},
		{"something was left", []outcome{{report: leaky}}, true},
		{"one could not be made", []outcome{{report: holds}, {err: os.ErrInvalid}}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for i := range tc.runs {
				tc.runs[i].dir = t.TempDir()
				assert.NilError(t, os.MkdirAll(filepath.Join(tc.runs[i].dir, "evidence", "a", "b"), 0o755))
			}
			(&soaking{cells: &cells{project: check.Project{Workspace: check.Workspace{Stdout: io.Discard}}}}).tidy(tc.runs)
			for _, o := range tc.runs {
				_, err := os.Stat(filepath.Join(o.dir, "evidence"))
				assert.Equal(t, err == nil, tc.stay)
			}
		})
	}
}

func TestSoakKeepsAndTellsComplaints(t *testing.T) {
	c := inToy(t, "leak")
	for range 2 {
		got, _ := soakToy(t, c, "1", "")
		assert.Equal(t, got.code, exit.Environment)
		assert.Assert(t, cmp.Contains(got.out, "! v0.11.5, run 1: 1 container was left behind"))
	}
}

func TestSoakTellsRunsThatCouldNotBeMade(t *testing.T) {
	got, _ := soakToy(t, inToy(t, "main"), "1", "all")
	assert.Equal(t, got.code, exit.Environment)
	assert.Assert(t, cmp.Contains(got.errors, "no run could be made"))
	assert.Assert(t, cmp.Contains(got.out, "! v0.11.5, run 1, beside: no Docker Engine answers"))
}
