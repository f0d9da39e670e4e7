package sabotage

import (
	"testing"

	"builders.test/internal/claims"
	"gotest.tools/v3/assert"
)

func TestKillsAreClaims(t *testing.T) {
	for _, s := range All() {
		assert.Check(t, len(s.Kills) > 0, "%s kills nothing", s.Name)
		for _, id := range s.Kills {
			_, ok := claims.Find(id)
			assert.Check(t, ok, "%s kills %s, which is no claim", s.Name, id)
		}
	}
}
