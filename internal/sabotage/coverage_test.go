package sabotage

import (
	"os"
	"slices"
	"testing"

	"builders.test/internal/book"
	"gotest.tools/v3/assert"
)

// Sabotages name claims, and no claim is without one: a spec that cannot fail
// proves nothing.
func TestEveryClaimHasASabotage(t *testing.T) {
	whole, err := book.Open(t.Context(), "../..", "", os.Stderr)
	assert.NilError(t, err)
	ids := whole.WithoutRegressions().IDs()
	killed := map[string]bool{}
	for _, s := range All() {
		assert.Check(t, len(s.Claims()) > 0, "%s affects no claim", s.Name)
		for _, id := range s.Claims() {
			assert.Check(t, slices.Contains(ids, id), "%s names %s, which is not a claim", s.Name, id)
		}
		for _, id := range s.Kills {
			killed[id] = true
		}
	}
	for _, id := range ids {
		assert.Check(t, killed[id], "no sabotage kills %s", id)
	}
}
