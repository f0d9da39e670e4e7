package spec

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A body that does not look at its context must not hold up the other claims.
func TestABodyThatDoesNotEndIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := &T{TB: &output{TB: t}}
		never := make(chan struct{})
		began := time.Now()
		one.guard(func() { <-never })
		require.Equal(t, grace, time.Since(began))
		require.True(t, one.Failed())
		require.True(t, one.abandoned.Load())
		one.Logf("whatever it still says must not reach the test")
		require.NotContains(t, one.TB.(*output).log.String(), "whatever")
		close(never)
	})
}
