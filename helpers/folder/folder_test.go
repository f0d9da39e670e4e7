package folder

import (
	"errors"
	iofs "io/fs"
	"syscall"
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

// What the machine keeps from the reader says nothing about the build; what is
// missing or of another kind does.
func TestRefused(t *testing.T) {
	for err, want := range map[error]bool{
		syscall.EACCES: true, syscall.EPERM: true, syscall.EMFILE: true, syscall.EIO: true, syscall.ENOSPC: true,
		syscall.ENOENT: false, syscall.EISDIR: false, syscall.ENOTDIR: false, errors.New("archive/tar: invalid tar header"): false,
	} {
		require.Equal(t, want, refused(&iofs.PathError{Op: "open", Path: "x", Err: err}), err.Error())
	}
}

func TestNoiseDiffers(t *testing.T) {
	require.Len(t, Noise(1000), 1000)
	require.NotEqual(t, Noise(1000), Noise(1000))
}
