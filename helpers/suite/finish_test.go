package suite

import (
	"errors"
	"fmt"
	"testing"

	"builders.test/helpers/janitor"
	"github.com/stretchr/testify/require"
)

func TestTheCommandIsNamedWhereItHelps(t *testing.T) {
	left := fmt.Errorf("sweep: %w", janitor.Left{Err: errors.New("the run left volume x")})
	err := errors.Join(errors.New("the engine is gone\n  for good"), errors.Join(left, nil))
	require.Equal(t, []string{
		"the engine is gone", "for good", "sweep: the run left volume x; `tidy` removes what is left",
	}, complaints(err, "`tidy`"))
	require.Equal(t, []string{"sweep: the run left volume x"}, complaints(left, ""))
	require.Equal(t, []string{"a: b"}, complaints(fmt.Errorf("%w: %w", errors.New("a"), errors.New("b")), ""))
}
