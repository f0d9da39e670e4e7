// Package archive reads what a build wrote to files instead of an engine or a
// registry: tar archives and OCI image layouts.
package archive

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/folder"
	"builders.test/helpers/spec"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// Files is what a tar archive or an image holds: the content of every regular
// file by its path, which is relative and has slashes.
type Files map[string][]byte

// Text is the content of one file without the white space around it, and
// whether there is such a file.
func (f Files) Text(path string) (string, bool) {
	content, ok := f[path]
	return strings.TrimSpace(string(content)), ok
}

// Names lists the paths in order.
func (f Files) Names() []string { return slices.Sorted(maps.Keys(f)) }

// Tar reads a tar archive.
func Tar(t *spec.T, file string) Files {
	t.Helper()
	archive, err := os.Open(file)
	if err != nil {
		folder.Unread(t, err, "the build wrote no archive")
	}
	defer archive.Close()
	files, err := read(archive)
	if err != nil {
		t.Fatalf("%s is no tar archive: %v", filepath.Base(file), err)
	}
	return files
}

func read(archive io.Reader) (Files, error) {
	files := Files{}
	entries := tar.NewReader(archive)
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if entry.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(entries)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name, err)
		}
		files[path.Clean(strings.TrimLeft(entry.Name, "/"))] = content
	}
}

// write puts the files into a new folder.
func (f Files) write(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for name, content := range f {
		if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
			return err
		}
		if err := root.WriteFile(name, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Unpack writes an archive's files into a folder of the run and returns it.
func Unpack(t *spec.T, file string) string {
	t.Helper()
	dir := filepath.Join(t.Env.Dir, t.Env.Name("unpacked"))
	if err := Tar(t, file).write(dir); err != nil {
		folder.Unread(t, err, "%s cannot be unpacked", filepath.Base(file))
	}
	return dir
}

// Image is the one image of the OCI image layout in a folder. The claim fails
// unless there is exactly one, whole and true to its digests.
func Image(t *spec.T, dir string) v1.Image {
	t.Helper()
	img, err := imageIn(dir)
	if err != nil {
		folder.Unread(t, err, "%s is no OCI layout of one image", filepath.Base(dir))
	}
	return img
}

func imageIn(dir string) (v1.Image, error) {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	if len(manifest.Manifests) != 1 {
		return nil, fmt.Errorf("its index.json lists %d manifests", len(manifest.Manifests))
	}
	img, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		return nil, err
	}
	return img, validate.Image(img)
}

// Content is what the file system of an image holds.
func Content(t *spec.T, img v1.Image) Files {
	t.Helper()
	flat := mutate.Extract(img)
	defer flat.Close()
	files, err := read(flat)
	if err != nil {
		t.Fatalf("the image's layers cannot be read: %v", err)
	}
	return files
}
