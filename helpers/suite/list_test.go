package suite

import (
	"testing"

	"builders.test/helpers/claim"
	"github.com/stretchr/testify/require"
)

func listed(id, where string) claim.Listed {
	return claim.Listed{Claim: claim.Claim{ID: id}, Where: where}
}

func TestTheSameCallMayComeAgain(t *testing.T) {
	r := register{listing: true}
	r.add(t, listed("own/one", "own_test.go:12"))
	t.Run("in another run of the test", func(t *testing.T) {
		r.add(t, listed("own/one", "own_test.go:12"))
		require.Empty(t, r.list.Mistakes)
		require.Len(t, r.list.Claims, 1)
	})
	r.add(t, listed("own/one", "own_test.go:12"))
	r.add(t, listed("own/one", "own_test.go:30"))
	require.Equal(t, []string{
		"two claims have the id own/one, at own_test.go:12 and at own_test.go:12",
		"two claims have the id own/one, at own_test.go:12 and at own_test.go:30",
	}, r.list.Mistakes)
}

func TestIDsThatAreNoFoldersAreRefused(t *testing.T) {
	r := register{listing: true}
	r.add(t, listed("own/../../etc", "own_test.go:12"))
	require.Equal(t, []string{`"own/../../etc" is not an id of a claim; write one like caching/second-build`}, r.list.Mistakes)
	require.Empty(t, r.list.Claims)
}
