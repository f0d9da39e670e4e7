// Package folder makes folders for builds to read, and lists those that builds
// wrote.
//
//	context := folder.New(t, fs.WithFile("Dockerfile", "FROM scratch\nCOPY . /\n"))
package folder

import (
	"errors"
	"fmt"
	iofs "io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"

	"builders.test/helpers/spec"
	"gotest.tools/v3/fs"
)

// New makes a folder in the run's own. Its name is its alone, which matters:
// buildx tells contexts apart by the last part of their path when it looks for
// what an earlier build has sent.
func New(t *spec.T, content ...fs.PathOp) string {
	t.Helper()
	dir := filepath.Join(t.Env.Dir, t.Env.Name("folder"))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.EnvironmentFailed("make a folder: %v", err)
	}
	return fs.DirFromPath(t, dir, content...).Path()
}

// Noise is content of so many bytes that differs each time.
func Noise(bytes int) string {
	var seed [32]byte
	for i := range seed {
		seed[i] = byte(rand.Uint32())
	}
	content := make([]byte, bytes)
	// Reading from this source cannot fail.
	_, _ = rand.NewChaCha8(seed).Read(content)
	return string(content)
}

// Write puts a file into a folder, or new content into one that is there.
func Write(t *spec.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		t.EnvironmentFailed("write a file: %v", err)
	}
}

// Files lists the files below a folder by their paths in it, with slashes, in
// order.
func Files(t *spec.T, dir string) []string {
	t.Helper()
	files := []string{}
	err := iofs.WalkDir(os.DirFS(dir), ".", func(path string, entry iofs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		Unread(t, err, "the folder %s cannot be listed", dir)
	}
	return files
}

// Read is the content of a file of a folder.
func Read(t *spec.T, dir, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		Unread(t, err, "the folder holds no %s", name)
	}
	return string(content)
}

// Unread ends the claim because a file that a build should have written cannot
// be read. Where the machine refuses to read it, that says nothing about the
// build.
func Unread(t *spec.T, err error, format string, args ...any) {
	t.Helper()
	if refused(err) {
		t.EnvironmentFailed("what a build wrote cannot be read here: %v", err)
	}
	t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
}

// refused tells that the machine keeps a file from whoever wants to read it. All
// other errors say something about the file.
func refused(err error) bool {
	for _, refusal := range []error{iofs.ErrPermission, syscall.EMFILE, syscall.ENFILE, syscall.EIO, syscall.ENOMEM, syscall.ENOSPC, syscall.EDQUOT} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// Rename gives a folder another name and returns it, see [New].
func Rename(t *spec.T, dir string) string {
	t.Helper()
	renamed := filepath.Join(t.Env.Dir, t.Env.Name("folder"))
	if err := os.Rename(dir, renamed); err != nil {
		t.EnvironmentFailed("rename a folder: %v", err)
	}
	return renamed
}
