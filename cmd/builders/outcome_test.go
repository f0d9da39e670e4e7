package main

import (
	"testing"

	"builders.test/helpers/subject"
	"builders.test/internal/report"
	"gotest.tools/v3/assert"
)

// What a spec that died could not say itself: the line must lead to the same
// claim of the same book on the same subject.
func TestTheLineOfASpecThatDiedCanBePasted(t *testing.T) {
	c := &check{
		buildkit: "v0.34.2", buildx: "/new buildx/docker-buildx", specs: "/it's mine", out: t.TempDir(),
		cell: subject.Cell{Driver: "remote", Store: "overlay2"},
	}
	all := c.complete([]report.Claim{{ID: "mine/app"}})
	assert.Equal(t, all[0].Repro, `make check BUILDKIT=v0.34.2 RUN=mine/app BUILDX='/new buildx/docker-buildx' `+
		`SPECS='/it'\''s mine' DRIVER=remote STORE=overlay2`)
}
