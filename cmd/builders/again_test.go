package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/exit"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// compareIn compares two releases in the toy module, of which one claim is looked
// at.
func compareIn(t *testing.T, toy *check) (code int, out string) {
	t.Helper()
	c := &comparison{check: toy, baseline: "v0.11.5"}
	c.buildkit, c.choice, c.out = "v0.34.2", "caching/third", filepath.Join("build", "compare")
	var said bytes.Buffer
	c.stdout, c.stderr = &said, &said
	return codeOf(t, c.run(t.Context())), said.String()
}

// codeOf is the exit code of a command that said everything.
func codeOf(t *testing.T, err error) int {
	t.Helper()
	code, cause := exit.Of(err)
	assert.NilError(t, cause)
	return code
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

// bisectIn looks for the release that broke a claim of the toy module, and the
// releases between are all that there are.
func bisectIn(t *testing.T, toy *check, releases ...string) (code int, out string) {
	t.Helper()
	b := &bisection{
		check: toy, claim: "caching/third", good: releases[0], bad: releases[len(releases)-1], tries: map[string]int{},
		releases: func(context.Context) ([]string, error) { return releases, nil },
	}
	b.out = filepath.Join("build", "bisect")
	var said bytes.Buffer
	b.stdout, b.stderr = &said, &said
	return codeOf(t, b.run(t.Context())), said.String()
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
