package campaign

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/check"
	"builders.test/internal/check/exit"
	"builders.test/internal/plan"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/fs"
)

// inToy changes into a copy of the toy module, in a mood, with a docker command
// that reaches an engine.
func inToy(t *testing.T, mood string) check.Workspace {
	t.Helper()
	module := fs.NewDir(t, "toy", fs.FromDir("../run/testdata/toy"))
	bin := fs.NewDir(t, "bin", fs.WithFile("docker", "#!/bin/sh\ncase $1 in version) echo 29.1.0;; context) echo default 0 unix:///fake.sock;; esac\n", fs.WithMode(0o755)))
	t.Chdir(module.Path())
	for name, value := range map[string]string{
		"TOY": mood, "GOWORK": "off", "GOFLAGS": "-mod=mod",
		"PATH":        bin.Path() + string(os.PathListSeparator) + os.Getenv("PATH"),
		"DOCKER_HOST": "", "BUILDERS_TESTBED": "", "GITHUB_STEP_SUMMARY": "",
	} {
		t.Setenv(name, value)
	}
	return check.Workspace{
		Module:  "toy.test",
		OpenLab: func(io.Writer) (check.Laboratory, error) { return nil, errors.New("the lab was opened") },
	}
}

// said is what a campaign left behind.
type said struct {
	code        int
	out, errors string
}

// do runs a campaign as the command would; w is its workspace.
func do(t *testing.T, w *check.Workspace, campaign interface{ Run(context.Context) error }) said {
	t.Helper()
	var out, errs bytes.Buffer
	w.Stdout, w.Stderr = &out, &errs
	code := exit.Say(t.Context(), campaign.Run(t.Context()), &errs)
	return said{code: code, out: out.String(), errors: errs.String()}
}

// compareIn compares two releases in the toy module by one claim.
func compareIn(t *testing.T, toy check.Workspace) (code int, out string) {
	t.Helper()
	c := Compare{Workspace: toy, Baseline: "v0.11.5"}
	c.Request = check.Request{
		Cell: plan.Cell{BuildKit: "v0.34.2"}, Choice: check.Choice{Run: "caching/third"}, Out: filepath.Join("build", "compare"),
	}
	got := do(t, &c.Workspace, &c)
	assert.Equal(t, got.errors, "")
	return got.code, got.out
}

func TestCompareAsksBothSidesBeforeItAccuses(t *testing.T) {
	c := inToy(t, "regressed")
	stale := filepath.Join("build", "compare", "baseline", "again-09")
	assert.NilError(t, os.MkdirAll(stale, 0o755))
	code, out := compareIn(t, c)
	assert.Equal(t, code, exit.Broken, out)
	assert.Assert(t, cmp.Contains(out, "regressed: 0 of 5 → 4 of 4\n"))

	baseline, err := report.Read("build/compare/baseline/report.json")
	assert.NilError(t, err)
	assert.Assert(t, cmp.Len(baseline.Claims[0].Tries, 5), "every try is in the report of its side")
	assert.Equal(t, baseline.Claims[0].Verdict, claim.Holds)
	candidate, err := report.Read("build/compare/candidate/report.json")
	assert.NilError(t, err)
	assert.Equal(t, candidate.Claims[0].Count(), "failed 4 of 4")
	assert.Equal(t, candidate.Claims[0].Tries[3].Evidence, "again-03/evidence/caching/third")
	_, err = os.Stat("build/compare/candidate/again-03/report.json")
	assert.NilError(t, err)
	_, err = os.Stat(stale)
	assert.ErrorIs(t, err, os.ErrNotExist, "what an earlier command asked again is gone")
}

func TestCompareAsksNobodyWhereNothingDiffers(t *testing.T) {
	code, out := compareIn(t, inToy(t, ""))
	assert.Equal(t, code, exit.Holds, out)
	_, err := os.Stat("build/compare/baseline/again-01")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// bisectIn looks for the release that broke a claim of the toy module; there are
// no releases but those in between.
func bisectIn(t *testing.T, toy check.Workspace, releases ...string) (code int, out string) {
	t.Helper()
	b := Bisect{
		Workspace: toy, Request: check.Request{Out: filepath.Join("build", "bisect")},
		Claim: "caching/third", Good: releases[0], Bad: releases[len(releases)-1],
		Releases: func(context.Context) ([]string, error) { return releases, nil },
	}
	got := do(t, &b.Workspace, &b)
	assert.Equal(t, got.errors, "")
	return got.code, got.out
}

func TestBisectSaysHowSureItIs(t *testing.T) {
	code, out := bisectIn(t, inToy(t, "regressed"), "v0.33.0", "v0.34.0")
	assert.Equal(t, code, exit.Holds, out)
	for _, want := range []string{
		"2 of 2 releases judged in 4 tries\n",
		"first bad: v0.34.0, last good: v0.33.0, 99 % sure\n",
		"  v0.34.0: the third builder must miss: Should be false\n",
		"  evidence of v0.33.0: build/bisect/v0.33.0/again-01/evidence/caching/third\n",
	} {
		assert.Assert(t, cmp.Contains(out, want))
	}
}

// matrixIn proves the toy module's claims on two releases.
func matrixIn(t *testing.T, toy check.Workspace) said {
	t.Helper()
	m := Matrix{Workspace: toy, Axes: plan.Axes{BuildKitVersions: "v0.33.0 v0.34.0"}, Jobs: 2, Request: check.Request{Out: filepath.Join("build", "matrix")}}
	return do(t, &m.Workspace, &m)
}

func TestMatrixKeepsWhatIsFinished(t *testing.T) {
	toy := inToy(t, "regressed")
	got := matrixIn(t, toy)
	assert.Equal(t, got.code, exit.Broken, "%s%s", got.out, got.errors)
	assert.Assert(t, cmp.Contains(got.out, "\n2 cells in "))
	for _, file := range []string{"report.html", "v0.33.0/report.json", "v0.34.0/report.json"} {
		_, err := os.Stat(filepath.Join("build", "matrix", file))
		assert.NilError(t, err)
	}
	assert.NilError(t, os.Remove("build/matrix/v0.33.0/cell.json"))
	got = matrixIn(t, toy)
	assert.Equal(t, got.code, exit.Broken)
	assert.Equal(t, strings.Count(got.out, "kept: "), 1, got.out)
}

func TestAMatrixOfWhichNothingRanSaysSo(t *testing.T) {
	got := matrixIn(t, inToy(t, "main"))
	assert.Equal(t, got.code, exit.Environment)
	assert.Assert(t, cmp.Contains(got.errors, "no cell could be run"))
	assert.Assert(t, cmp.Contains(got.out, "not run: no Docker Engine answers"))
}
