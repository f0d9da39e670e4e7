package script

import (
	"testing"

	"builders.test/helpers/engine/relay"
	"gotest.tools/v3/assert"
)

// A line of BuildKit v0.34.2, as rawjson and as plain text.
func TestPushing(t *testing.T) {
	const digest = "@sha256:8fc06d1a883d618ecb6db3ae979f764e824f31b75c6c1942e183a99f1b2e6dce"
	for _, line := range []string{
		`"id":"pushing manifest for ghcr.io/me/app:second` + digest + `","vertex"`,
		"#9 pushing manifest for ghcr.io/me/app:second" + digest + " 0.1s done",
	} {
		assert.Equal(t, pushing.FindStringSubmatch(line)[1], "ghcr.io/me/app:second")
	}
}

func TestInOwnRegistry(t *testing.T) {
	r := &runner{relay: &relay.Relay{}, registries: []string{"127.0.0.1:40001"}}
	for name, want := range map[string]bool{
		"127.0.0.1:40001/app:1": true,
		"127.0.0.1:5000/app:1":  false, // it was there before
		"me/app:1":              false,
		"ghcr.io/me/app:1":      false,
	} {
		assert.Equal(t, r.inOwnRegistry(relay.Touch{Name: name, Verb: pushVerb}), want, name)
	}
	assert.Assert(t, !r.inOwnRegistry(relay.Touch{Name: "127.0.0.1:40001/app:1", Verb: "rm"}))
}
