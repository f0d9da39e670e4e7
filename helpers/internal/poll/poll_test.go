package poll

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestUntil(t *testing.T) {
	failed := errors.New("failed")
	asked := 0
	for name, tc := range map[string]struct {
		ask   func() (bool, error)
		limit time.Duration
		asked int
		want  error
	}{
		"done at once":       {func() (bool, error) { return true, nil }, time.Minute, 1, nil},
		"done in the end":    {func() (bool, error) { return asked == 3, nil }, time.Minute, 3, nil},
		"it fails":           {func() (bool, error) { return asked == 2, failed }, time.Minute, 1, failed},
		"it is asked once":   {func() (bool, error) { return true, nil }, 0, 1, nil},
		"the time is over":   {func() (bool, error) { return false, nil }, 0, 1, context.DeadlineExceeded},
		"the time runs out":  {func() (bool, error) { return false, nil }, 10 * time.Millisecond, 0, context.DeadlineExceeded},
		"done, and an error": {func() (bool, error) { return true, failed }, time.Minute, 1, failed},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), tc.limit)
			defer cancel()
			asked = 0
			err := Until(ctx, time.Millisecond, func() (bool, error) { asked++; return tc.ask() })
			require.ErrorIs(t, err, tc.want)
			if tc.asked > 0 {
				require.Equal(t, tc.asked, asked)
			}
		})
	}
}
