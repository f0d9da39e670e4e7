package makefile

import (
	"testing"

	"gotest.tools/v3/assert"
)

// The line must lead to the same claim of the same book on the same subject.
func TestTheLineCanBePasted(t *testing.T) {
	c := Check{
		BuildKit: "v0.34.2", Run: "mine/app", Buildx: "/new buildx/docker-buildx", Specs: "/it's mine", Driver: "remote", Store: "overlay2",
	}
	assert.Equal(t, c.Line(), `make check BUILDKIT=v0.34.2 RUN=mine/app BUILDX='/new buildx/docker-buildx' `+
		`SPECS='/it'\''s mine' DRIVER=remote STORE=overlay2`)
	assert.Equal(t, Check{Regressions: "1", Out: "build/x"}.Line(), "make check REGRESSIONS=1 OUT=build/x")
}
