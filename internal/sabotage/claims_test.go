package sabotage

import (
	"testing"

	"builders.test/internal/claims"
	"gotest.tools/v3/assert"
)

func TestKillsAreClaims(t *testing.T) {
	for _, s := range All() {
		assert.Check(t, len(s.Claims()) > 0, "%s does nothing to any claim", s.Name)
		for _, id := range s.Claims() {
			_, ok := claims.Find(id)
			assert.Check(t, ok, "%s names %s, which is no claim", s.Name, id)
		}
	}
}
