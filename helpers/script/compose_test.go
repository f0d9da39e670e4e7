package script

import (
	"slices"
	"testing"

	"builders.test/helpers/claim"
	"gotest.tools/v3/assert"
)

func TestAScriptWithComposeNeedsIt(t *testing.T) {
	for line, needs := range map[string]bool{
		"compose up -d":                   true,
		"[arm64] ! compose build":         true,
		"exec docker compose up -d":       false,
		"bake -f compose.yaml app":        false,
		"build .\n-- file --\ncompose up": false,
	} {
		s, err := parse("x.txtar", []byte("# claim: a\n"+line+"\n"))
		assert.NilError(t, err)
		assert.Equal(t, slices.Contains(s.Claim.Words(), claim.Compose.Word()), needs, line)
	}
	s, err := parse("x.txtar", []byte("# claim: a\n# needs: compose\ncompose up\n"))
	assert.NilError(t, err)
	assert.DeepEqual(t, s.Claim.Words(), []string{"compose"})
}

func TestHowComposeRefuses(t *testing.T) {
	for stderr, want := range map[string]string{
		"unknown flag: --biuld\nUsage: …":                                   "unknown flag: --biuld",
		"no such service: wbe":                                              "no such service: wbe",
		" Container a Started\ndependency failed to start: no such service": "",
		"app-1 | unknown flag: --x":                                         "",
	} {
		assert.Equal(t, miscomposed.FindString(stderr), want)
	}
}
