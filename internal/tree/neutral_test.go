package tree

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
)

// ours matches words that mean nothing in another project: this one's commands, and
// the registries that only its lab has. Import paths are allowed.
var ours = regexp.MustCompile("make check|(`|bin/)builders [a-z]+|builders (clean|lab|init)\\b|\\bgcr\\.io|builders\\.test/|the lab\\b")

// TestTheHelpersNameNothingOfThisProject checks what other suites import.
func TestTheHelpersNameNothingOfThisProject(t *testing.T) {
	tree := os.DirFS("../../helpers")
	err := fs.WalkDir(tree, ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := fs.ReadFile(tree, path)
		number := 0
		for line := range strings.Lines(string(content)) {
			number++
			if found := ours.FindString(line); found != "" && !imports.MatchString(line) {
				t.Errorf("helpers/%s:%d names %q, which only this project has", path, number, found)
			}
		}
		return err
	})
	assert.NilError(t, err)
}

var imports = regexp.MustCompile(`^(import )?\s*"builders\.test/[a-z/]+"\s*$`)
