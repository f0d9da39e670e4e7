package claims

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	"gotest.tools/v3/assert"
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
		assert.Check(t, regexp.MustCompile(row).Match(readme), "README.md has no row `| %s: … | %d |`", chapter, counts[chapter])
	}
}
