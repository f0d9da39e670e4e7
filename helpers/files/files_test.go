package files

import (
	"archive/tar"
	"bytes"
	"errors"
	iofs "io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"builders.test/helpers/spec"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/fs"
)

func TestAFolderIsListedAndRead(t *testing.T) {
	s, dir := &spec.T{TB: t}, t.TempDir()
	require.Empty(t, In(dir).Names(s))

	fs.DirFromPath(t, dir, fs.WithFile("b", "B"), fs.WithDir("a", fs.WithFile("c", " C\n")))
	require.Equal(t, []string{"a/c", "b"}, In(dir).Names(s))
	require.Equal(t, " C\n", In(dir).Read(s, "a/c"))
	require.Equal(t, "C", In(dir).Text(s, "a/c"))
}

// The archives in testdata hold hello.txt and dir/deep.txt, written by two
// releases of BuildKit.
func TestUntar(t *testing.T) {
	s := &spec.T{TB: t}
	for _, release := range []string{"v0.11.5", "v0.34.2"} {
		tree := Tar(s, filepath.Join("testdata", "tar-"+release+".tar"))
		require.Equal(t, []string{"dir/deep.txt", "hello.txt"}, tree.Names(s), "folders are no files")
		require.Equal(t, "hi", tree.Text(s, "hello.txt"))
		require.Equal(t, "deep", tree.Text(s, "dir/deep.txt"))
		_, err := iofs.Stat(tree, "deep.txt")
		require.ErrorIs(t, err, iofs.ErrNotExist)
	}
	_, err := Untar(strings.NewReader(strings.Repeat("no archive", 100)))
	require.Error(t, err)
}

func TestFilesStayInTheirFolder(t *testing.T) {
	var archive bytes.Buffer
	entries := tar.NewWriter(&archive)
	require.NoError(t, entries.WriteHeader(&tar.Header{Name: "../outside", Typeflag: tar.TypeReg, Mode: 0o644}))
	require.NoError(t, entries.Close())
	_, err := Untar(&archive)
	require.ErrorContains(t, err, "../outside")
}

// A file that the machine refuses to open says nothing about the build; one that
// is missing or of another kind does.
func TestRefused(t *testing.T) {
	for err, want := range map[error]bool{
		syscall.EACCES: true, syscall.EPERM: true, syscall.EMFILE: true, syscall.EIO: true, syscall.ENOSPC: true,
		syscall.ENOENT: false, syscall.EISDIR: false, syscall.ENOTDIR: false, errors.New("archive/tar: invalid tar header"): false,
	} {
		require.Equal(t, want, refused(&iofs.PathError{Op: "open", Path: "x", Err: err}), err.Error())
	}
}
