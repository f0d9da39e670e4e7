package spec

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSlownessIsNoHang(t *testing.T) {
	require.Empty(t, crowded(9.9, 2), "two runs alongside each other")
	require.Equal(t, "the claim did not end in time while this machine, with 2 processors, had a load of 24; run it with less load", crowded(24.4, 2))
	require.Empty(t, crowded(24.4, 16))
}
