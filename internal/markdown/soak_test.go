package markdown

import (
	"bytes"
	"testing"

	"builders.test/internal/soak/soaktest"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/golden"
)

func TestSoak(t *testing.T) {
	var out bytes.Buffer
	assert.NilError(t, WriteSoak(&out, soaktest.Sample()))
	golden.Assert(t, out.String(), "soak.golden")
}
