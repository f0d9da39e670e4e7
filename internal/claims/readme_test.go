package claims

import (
	"fmt"
	"os"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// The README's table counts the claims of each chapter.
func TestReadmeCountsTheClaims(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	assert.NilError(t, err)
	counts := map[string]int{}
	for _, claim := range All() {
		counts[claim.Chapter()]++
	}
	for _, chapter := range Chapters() {
		row := fmt.Sprintf(`(?m)^\| %s: [^|]* \| %d \|`, chapter, counts[chapter])
		assert.Check(t, cmp.Regexp(row, string(readme)))
	}
}
