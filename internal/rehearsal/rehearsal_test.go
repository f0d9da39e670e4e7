//go:build faults

package rehearsal

import (
	"os"
	"strings"
	"testing"

	"builders.test/lab"
	"github.com/stretchr/testify/require"
)

func TestTry(t *testing.T) {
	l, err := lab.Open(lab.Options{Progress: os.Stderr})
	require.NoError(t, err)
	w, err := Open(t.Context(), l, t.TempDir(), "../..", Conditions{})
	require.NoError(t, err)
	defer func() { require.NoError(t, w.Close(t.Context())) }()
	line := os.Getenv("LINE")
	c := w.Command("sh", "-c", line)
	out, err := c.CombinedOutput()
	t.Log(strings.TrimSpace(string(out)), err)
}
