package console

import (
	"bytes"
	"testing"

	"builders.test/internal/soak/soaktest"
	"gotest.tools/v3/golden"
)

func TestSoak(t *testing.T) {
	var out bytes.Buffer
	c := &Console{out: &out, err: &out, folder: "build/soak"}
	c.Soak(soaktest.Sample())
	golden.Assert(t, out.String(), "soak.golden")
}
