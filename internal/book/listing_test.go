package book

import (
	"bytes"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

var listed = Book{Claims: []claim.Listed{
	{Claim: claim.Claim{ID: "builders/ls", Text: "`ls` lists each created builder, its driver and node, and marks the current one", Source: "https://docs.docker.com/reference/cli/docker/buildx/ls/"}},
	{Claim: claim.Claim{ID: "builders/load", Text: "with `default-load` every build is loaded", Source: "https://github.com/docker/buildx/pull/2259", Needs: []claim.Need{claim.ARM64, claim.Buildx(">= 0.14")}, History: "Since buildx v0.14 the option exists; before it the option is refused"}},
	{Claim: claim.Claim{ID: "cleanup/rm", Text: "`rm` removes container, state volume and record", Source: "https://docs.docker.com/reference/cli/docker/buildx/rm/"}},
}}

func TestListing(t *testing.T) {
	var whole, narrow bytes.Buffer
	assert.NilError(t, listed.List(&whole, 0))
	golden.Assert(t, whole.String(), "claims.golden")
	assert.NilError(t, listed.List(&narrow, 60))
	assert.Assert(t, strings.Contains(narrow.String(), "\n             the option is refused\n"), narrow.String())
}

func TestListingForPrograms(t *testing.T) {
	var out bytes.Buffer
	assert.NilError(t, listed.Encode(&out))
	golden.Assert(t, out.String(), "claims.json.golden")
	out.Reset()
	assert.NilError(t, Book{}.Encode(&out))
	assert.Equal(t, out.String(), "[]\n")
}
