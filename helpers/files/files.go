// Package files reads what a build wrote on this machine: a folder, or a tar
// archive. A file that is missing is the build's fault; one that the machine does
// not let us read is the environment's.
//
//	result, _ := build.ExportAll(t, b, "context")
//	require.Equal(t, "hello", result.Text(t, "greeting"))
package files

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
	"testing/fstest"

	"builders.test/helpers/spec"
)

// Tree is the files of one result, by their paths in it, with slashes.
type Tree struct {
	fs.FS
	// what names the result in a sentence.
	what string
}

// In returns what a folder holds.
func In(dir string) Tree { return Tree{FS: os.DirFS(dir), what: "the folder"} }

// Tar returns the regular files in a tar archive.
func Tar(t *spec.T, file string) Tree {
	archive, err := os.Open(file)
	if err != nil {
		Unread(t, err, "the build wrote no archive")
	}
	defer archive.Close()
	tree, err := Untar(archive)
	t.OK(err, "%s is not a tar archive", filepath.Base(file))
	return tree
}

// Untar reads the regular files of a tar stream.
func Untar(archive io.Reader) (Tree, error) {
	tree := fstest.MapFS{}
	entries := tar.NewReader(archive)
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return Tree{FS: tree, what: "the archive"}, nil
		}
		if err != nil {
			return Tree{}, err
		}
		if entry.Typeflag != tar.TypeReg {
			continue
		}
		name := path.Clean(strings.TrimLeft(entry.Name, "/"))
		if !fs.ValidPath(name) {
			return Tree{}, fmt.Errorf("%s is not in the archive's folder", entry.Name)
		}
		content, err := io.ReadAll(entries)
		if err != nil {
			return Tree{}, fmt.Errorf("%s: %w", entry.Name, err)
		}
		tree[name] = &fstest.MapFile{Data: content}
	}
}

// Read returns the content of a file. The claim fails if there is none.
func (x Tree) Read(t *spec.T, name string) string {
	content, err := fs.ReadFile(x, name)
	if err != nil {
		Unread(t, err, "%s has no %s", x.what, name)
	}
	return string(content)
}

// Text returns the content of a file without surrounding white space.
func (x Tree) Text(t *spec.T, name string) string {
	return strings.TrimSpace(x.Read(t, name))
}

// Names lists the files in order.
func (x Tree) Names(t *spec.T) []string {
	names := []string{}
	err := fs.WalkDir(x, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		Unread(t, err, "%s cannot be listed", x.what)
	}
	return names
}

// Unread ends the claim because a file that a build should have written cannot be
// read. If it is the machine that refuses to read it, that says nothing about the
// build.
func Unread(t *spec.T, err error, format string, args ...any) {
	if refused(err) {
		t.EnvironmentFailed("cannot read a build's output here: %v", err)
	}
	t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
}

// refused reports whether the machine keeps a file from its reader. All other
// errors say something about the file.
func refused(err error) bool {
	for _, refusal := range []error{fs.ErrPermission, syscall.EMFILE, syscall.ENFILE, syscall.EIO, syscall.ENOMEM, syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}
