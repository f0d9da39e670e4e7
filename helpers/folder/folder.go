// Package folder makes folders for builds to read, and lists those that builds
// wrote.
//
//	context := folder.New(t, fs.WithFile("Dockerfile", "FROM scratch\nCOPY . /\n"))
package folder

import (
	iofs "io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

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
		t.Fatalf("the folder %s cannot be listed: %v", dir, err)
	}
	return files
}

// Read is the content of a file of a folder.
func Read(t *spec.T, dir, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatalf("the folder holds no %s: %v", name, err)
	}
	return string(content)
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
