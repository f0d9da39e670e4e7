package builder

import (
	"testing"

	"gotest.tools/v3/assert"
)

// What buildctl du printed for an empty cache, and for one with a record.
func TestHoldsNothing(t *testing.T) {
	const head = "ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\n"
	for name, tc := range map[string]struct {
		usage string
		want  bool
	}{
		"empty":                 {head + "Reclaimable:\t0B\nTotal:\t\t0B\n", true},
		"a record":              {head + "x1k3\ttrue\t4.2MB\t\nReclaimable:\t4.2MB\nTotal:\t\t4.2MB\n", false},
		"a record in use":       {head + "x1k3\tfalse\t4.2MB\t\nReclaimable:\t0B\nTotal:\t\t4.2MB\n", false},
		"the answer is cut off": {head, false},
		"no answer":             {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, holdsNothing(tc.usage), tc.want)
		})
	}
}
