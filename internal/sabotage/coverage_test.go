package sabotage

import (
	"testing"

	"builders.test/internal/claims"
	"gotest.tools/v3/assert"
)

func TestEveryClaimHasASabotage(t *testing.T) {
	killed := map[string]bool{}
	for _, s := range All() {
		for _, id := range s.Kills {
			killed[id] = true
		}
	}
	for _, claim := range claims.All() {
		assert.Check(t, killed[claim.ID], "no sabotage kills %s: a spec that cannot fail proves nothing", claim.ID)
	}
}
