package main

import (
	"os"
	"testing"

	"builders.test/helpers/script"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

func TestTheFirstScriptIsOne(t *testing.T) {
	dir := fs.NewDir(t, "my app", fs.WithFile("Dockerfile", "FROM busybox\nRUN true\nCMD [\"true\"]\n"))
	path, err := writeFirst(dir.Join("Dockerfile"), dir.Join("specs"))
	assert.NilError(t, err)
	s, err := script.Read(path)
	assert.NilError(t, err)
	assert.Assert(t, len(s.Claim.Needs) == 2)
	content, err := os.ReadFile(path)
	assert.NilError(t, err)
	assert.Assert(t, string(content) != "")

	_, err = writeFirst(dir.Join("Dockerfile"), dir.Join("specs"))
	assert.ErrorContains(t, err, "is there already")
	_, err = writeFirst(dir.Join("none"), dir.Join("specs"))
	assert.ErrorContains(t, err, "init needs a Dockerfile")
}
