package engine

import (
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

func TestHasVolumes(t *testing.T) {
	notes := fs.WithFile("metadata.db", "")
	assert.Assert(t, !hasVolumes("nowhere"))
	assert.Assert(t, !hasVolumes(fs.NewDir(t, "volumes", notes).Path()))
	assert.Assert(t, hasVolumes(fs.NewDir(t, "volumes", notes, fs.WithDir("a_state")).Path()))
}
