package folder

import (
	"testing"

	"builders.test/helpers/spec"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/fs"
)

func TestFilesAreListedAndRead(t *testing.T) {
	s, dir := &spec.T{TB: t}, t.TempDir()
	require.Empty(t, Files(s, dir))

	fs.DirFromPath(t, dir, fs.WithFile("b", "B"), fs.WithDir("a", fs.WithFile("c", "C")))
	require.Equal(t, []string{"a/c", "b"}, Files(s, dir))
	require.Equal(t, "C", Read(s, dir, "a/c"))

	Write(s, dir, "b", "other")
	require.Equal(t, "other", Read(s, dir, "b"))
}

func TestNoiseDiffers(t *testing.T) {
	require.Len(t, Noise(1000), 1000)
	require.NotEqual(t, Noise(1000), Noise(1000))
}
