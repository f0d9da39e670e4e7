package run

import (
	"slices"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
)

func TestTheAccountIsKeptWhileTheRunGoesOn(t *testing.T) {
	specs := toy(t, "", "caching")
	var kept [][]report.Claim
	specs.Keep = func(claims []report.Claim) { kept = append(kept, claims) }

	_, err := specs.Run(t.Context(), &hearer{})

	assert.NilError(t, err)
	first, last := kept[0], kept[len(kept)-1]
	assert.Equal(t, first[0].Verdict, claim.Error)
	// They run at the same time, and any of them may begin first.
	assert.Assert(t, slices.ContainsFunc(first, func(c report.Claim) bool { return c.Reason == "not reached: the run was cut off" }))
	for _, one := range last {
		assert.Equal(t, one.Verdict, claim.Holds, "%s: %s", one.ID, one.Reason)
	}
}
