package janitor

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASweepThatRanOutOfTimeSaysWhatItWasAbout(t *testing.T) {
	s := sweeper{run: "0a1b2c3d", found: []Object{{Kind: "container", Name: "x"}, {Kind: "volume", Name: "y"}}}
	require.EqualError(t, s.unfinished(context.DeadlineExceeded),
		"the leftovers of run 0a1b2c3d are not gone yet (container x, volume y): context deadline exceeded")
	s.failed = errors.New("the engine is busy")
	require.ErrorContains(t, s.unfinished(context.DeadlineExceeded), "the engine is busy")
}
