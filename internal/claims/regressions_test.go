package claims

import (
	"path/filepath"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/script"
	"gotest.tools/v3/assert"
)

// The head of each regression is whole, and its releases are on the right
// sides of what it calls known.
func TestRegressionsAreWellFormed(t *testing.T) {
	scripts, err := script.Folder(filepath.Join(root, RegressionsFolder))
	assert.NilError(t, err)
	all := All()
	for _, s := range scripts {
		assert.Equal(t, s.Claim.Chapter(), Regressions)
		for _, fault := range faultsOf(s.Claim) {
			t.Error(fault)
		}
		all = append(all, s.Claim)
	}
	for _, c := range all {
		if c.Known != nil {
			releasesFit(t, c)
		}
	}
}

func releasesFit(t *testing.T, c claim.Claim) {
	t.Helper()
	assert.Check(t, c.Known.Has(c.Known.Broken), "%s: %s is not within %q", c.ID, c.Known.Broken, c.Known.Range)
	for _, fixed := range c.Known.Fixed {
		assert.Check(t, !c.Known.Has(fixed), "%s: %s is within %q", c.ID, fixed, c.Known.Range)
	}
}
