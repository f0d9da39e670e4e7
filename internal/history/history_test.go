package history

import (
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
)

const newest = "v0.34.2"

func regression(name string, known claim.Known) Regression {
	return Regression{Claim: claim.Claim{ID: "regressions/" + name, Known: &known}, Digest: "e1"}
}

var (
	cache = regression("cache", claim.Known{Component: "buildkit", Broken: "v0.17.2", Fixed: []string{"v0.17.3"}})
	link  = regression("link", claim.Known{Component: "buildkit", Broken: "v0.14.1", Fixed: []string{"v0.17.3"}})
	push  = regression("push", claim.Known{Component: "buildx", Broken: "v0.37.0", Fixed: []string{"v0.37.1"}})
	old   = regression("old", claim.Known{Component: "buildx", Broken: "v0.37.0", BuildKit: "v0.11.5"})
)

func TestCellsGatherWhatRunsTogether(t *testing.T) {
	var said []string
	for _, cell := range Cells([]Regression{cache, link, push, old}, newest) {
		line := cell.String() + ":"
		for _, r := range cell.Regressions {
			line += " " + r.Claim.Name()
		}
		said = append(said, line)
	}
	assert.DeepEqual(t, said, []string{
		"BuildKit v0.11.5, buildx v0.37.0: old",
		"BuildKit v0.14.1: link",
		"BuildKit v0.17.2: cache",
		"BuildKit v0.17.3: cache link",
		"BuildKit v0.34.2, buildx v0.37.0: push",
		"BuildKit v0.34.2, buildx v0.37.1: push",
	})
}

func TestScore(t *testing.T) {
	dir := t.TempDir()
	ledger, err := Open(dir)
	assert.NilError(t, err)
	cells := Cells([]Regression{cache}, newest)
	judge := func(on int, v claim.Verdict) {
		t.Helper()
		assert.NilError(t, ledger.Note(cells[on], cells[on].Regressions, []report.Claim{{ID: cache.Claim.ID, Verdict: v}}))
	}
	assert.Assert(t, !ledger.Score(cache, newest).Caught() && ledger.Score(cache, newest).Unknown())
	assert.Equal(t, ledger.Score(cache, newest).String(), "buildkit v0.17.2 not judged, v0.17.3 not judged")
	judge(0, claim.Broken)
	judge(1, claim.Error)
	assert.Assert(t, ledger.Score(cache, newest).Unknown())
	assert.Assert(t, ledger.Knows(cache, cells[0]) && !ledger.Knows(cache, cells[1]))
	judge(1, claim.Holds)
	assert.Assert(t, !ledger.Score(cache, newest).Unknown())
	assert.Assert(t, ledger.Score(cache, newest).Caught())
	assert.Equal(t, ledger.Score(cache, newest).String(), "buildkit v0.17.2 broken, v0.17.3 holds")

	again, err := Open(dir)
	assert.NilError(t, err)
	assert.Assert(t, again.Knows(cache, cells[0]))
	changed := cache
	changed.Digest = "e2"
	assert.Assert(t, !again.Knows(changed, cells[0]))
	assert.Assert(t, !New(dir).Knows(cache, cells[0]))

	judge(0, claim.Holds)
	assert.Assert(t, !ledger.Score(cache, newest).Caught())
}

func TestAProofOfUnknownEditionIsJudgedAgain(t *testing.T) {
	ledger, err := Open(t.TempDir())
	assert.NilError(t, err)
	proof := cache
	proof.Digest = ""
	cell := Cells([]Regression{proof}, newest)[0]
	assert.NilError(t, ledger.Note(cell, cell.Regressions, []report.Claim{{ID: proof.Claim.ID, Verdict: claim.Broken}}))
	assert.Assert(t, !ledger.Knows(proof, cell))
	assert.Assert(t, ledger.Score(proof, newest).OnBroken != nil)
}

func TestWhatNobodyMendedHasToBeRedOnly(t *testing.T) {
	ledger, err := Open(t.TempDir())
	assert.NilError(t, err)
	cell := Cells([]Regression{old}, newest)[0]
	assert.NilError(t, ledger.Note(cell, cell.Regressions, []report.Claim{{ID: old.Claim.ID, Verdict: claim.Broken}}))
	assert.Assert(t, ledger.Score(old, newest).Caught())
}
