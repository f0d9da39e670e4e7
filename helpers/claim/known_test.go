package claim

import (
	"testing"

	"gotest.tools/v3/assert"
)

func TestKnownSpeaksOfItsReleasesOnly(t *testing.T) {
	known := &Known{Component: "buildkit", Range: ">=0.17.2 <0.17.3 || =0.18.0", Broken: "v0.18.0", Fixed: []string{"v0.18.1", "v0.17.3"}}
	on := func(k *Known, version string) string {
		claim := Claim{Source: "https://github.com/moby/buildkit/issues/5558", Known: k}
		return claim.KnownFault(version, "v0.20.0")
	}
	for _, version := range []string{"v0.17.2", "v0.18.0"} {
		assert.Equal(t, on(known, version), "moby/buildkit/issues/5558, buildkit fixed in v0.18.1 and v0.17.3")
	}
	for _, version := range []string{"v0.17.1", "v0.17.3", "v0.18.1", "v0.34.2", "a source tree", ""} {
		assert.Equal(t, on(known, version), "")
	}
	open := &Known{Component: "buildx", Range: ">=0.19", Broken: "v0.20.0"}
	assert.Equal(t, on(open, "v0.1.0"), "moby/buildkit/issues/5558, buildx not fixed yet")
	assert.Equal(t, on(nil, "v0.18.0"), "")
	assert.Equal(t, Claim{Source: "x/y#1", Known: known}.FixedHere("v0.18.0", ""), "x/y#1, known of buildkit >=0.17.2 <0.17.3 || =0.18.0")
	assert.Equal(t, Claim{Known: known}.FixedHere("v0.18.1", ""), "")
}
