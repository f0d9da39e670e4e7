package makefile

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"gotest.tools/v3/assert"
)

func TestVariablesAreRefused(t *testing.T) {
	for name, want := range map[string]string{
		"BULDKIT": "did you mean BUILDKIT?", "BUILDKITS": "did you mean BUILDKIT?", "buildkit": "did you mean BUILDKIT?",
		"STROE": "did you mean STORE?", "BASLINE": "did you mean BASELINE?", "RUNN": "did you mean RUN or RUNS?", "BULDX": "did you mean BUILDX?", "VERSION": "known are BAD, BASELINE",
	} {
		err := Refuse(name)
		assert.ErrorContains(t, err, name+" is not a variable of this make")
		assert.ErrorContains(t, err, want)
	}
	for _, name := range []string{"BUILDKIT", "DOCKER_HOST", "GOFLAGS", "RUN", "MAKEFLAGS"} {
		assert.NilError(t, Refuse(name))
	}
	assert.NilError(t, RefuseSlips("CFLAGS"))
	assert.ErrorContains(t, RefuseSlips("BULDKIT"), "did you mean BUILDKIT?")
}

// TestAllVariablesAreKnown reads which variables the commands, the tests and the
// Makefile take.
func TestAllVariablesAreKnown(t *testing.T) {
	for pattern, files := range map[string][]string{
		`variable\("([A-Z_]+)"`:            {"../../cmd/builders/*.go"},
		`\$\(([A-Z][A-Z_]+)\)`:             {"../../Makefile"},
		`\$\(or \$\(([A-Z_]+)\)`:           {"../../Makefile"},
		"`([A-Z_]+)=`":                     {"../../README.md", "../../docs/*.md"},
		`'  ([A-Z_]+)= `:                   {"../../Makefile"},
		`make [a-z]+ ([A-Z_]+)=`:           {"../../README.md", "../../docs/*.md"},
		`os.Getenv\("(SHOTS|KILLS|WORLDS)`: {"../../internal/*/*.go"},
	} {
		for _, glob := range files {
			paths, err := filepath.Glob(glob)
			assert.NilError(t, err)
			for _, path := range paths {
				content, err := os.ReadFile(path)
				assert.NilError(t, err)
				for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(content), -1) {
					own := []string{"RELEASES", "CELLS", "IN_CELLS", "IN_WORLD", "PARSERS", "MAKEFILE_LIST", "MAKELEVEL"}
					assert.Assert(t, Refuse(match[1]) == nil || slices.Contains(own, match[1]), "%s: %s", path, match[1])
				}
			}
		}
	}
}
