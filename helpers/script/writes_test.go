package script

import (
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

func TestFirstAbsent(t *testing.T) {
	dir := fs.NewDir(t, "root", fs.WithDir("there", fs.WithFile("file", "")))
	assert.Equal(t, firstAbsent(dir.Join("a", "b", "c")), dir.Join("a"))
	assert.Equal(t, firstAbsent(dir.Join("there", "b")), dir.Join("there", "b"))
	assert.Equal(t, firstAbsent(dir.Join("there", "file")), "")
}

func TestWhatABuildWrites(t *testing.T) {
	got := inFlags([]string{"build", "-o", "out", "--output=type=local,dest=../bin", "-o", "type=image,name=a", "-o", "-", "--iidfile", "id", "--metadata-file=m.json", "."})
	assert.DeepEqual(t, got.outputs, []string{"id", "m.json", "out", "../bin", "", "-"})

	got = readPlan([]byte(`{"target": {"a": {"output": [{"type": "local", "dest": "bin"}]}, "b": {"output": ["./other", "type=tar,dest=x.tar", "type=docker"]}}}`))
	assert.DeepEqual(t, got.outputs, []string{"./other", "bin", "x.tar"})
}
