package book

import (
	"path/filepath"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

func TestWhereTheProgramIs(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	own := fs.NewDir(t, "own")
	got, err := programOf(own.Path())
	assert.NilError(t, err)
	assert.Equal(t, got, own.Join("build", "specs.test"))

	// Root may write everywhere, but not into a file.
	theirs := fs.NewDir(t, "theirs", fs.WithFile("build", ""))
	got, err = programOf(theirs.Path())
	assert.NilError(t, err)
	assert.Assert(t, !strings.HasPrefix(got, theirs.Path()), got)
	again, err := programOf(theirs.Path())
	assert.NilError(t, err)
	assert.Equal(t, got, again)
	other, err := programOf(filepath.Join(theirs.Path(), "build"))
	assert.NilError(t, err)
	assert.Assert(t, got != other)
}
