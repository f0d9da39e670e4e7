package artifact

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// inArchive reads an OCI layout in a tar archive, or an archive in docker's format.
func (p Place) inArchive(file string) (Artifact, error) {
	archive, err := os.Open(file)
	if err != nil {
		return Artifact{}, err
	}
	defer archive.Close()
	dir, err := p.unpack(archive)
	if err != nil {
		return Artifact{}, fmt.Errorf("%s is no archive with an image: %w", file, err)
	}
	// Engines before Docker 25 save images in their own format only.
	if _, err := os.Stat(filepath.Join(dir, "index.json")); errors.Is(err, fs.ErrNotExist) {
		image, err := tarball.ImageFromPath(file, nil)
		if err != nil {
			return Artifact{}, fmt.Errorf("%s is no archive with an image: %w", file, err)
		}
		return Artifact{image: image}, nil
	}
	return inLayout(dir)
}

// unpack writes the regular files of an archive into a new folder.
func (p Place) unpack(from io.Reader) (dir string, err error) {
	if dir, err = os.MkdirTemp(p.Folder, "unpacked-"); err != nil {
		return "", err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", err
	}
	defer root.Close()
	entries := tar.NewReader(from)
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			return dir, nil
		}
		if err != nil {
			return "", err
		}
		if entry.Typeflag != tar.TypeReg {
			continue
		}
		if err := write(root, filepath.Clean(entry.Name), entries); err != nil {
			return "", err
		}
	}
}

func write(root *os.Root, name string, content io.Reader) error {
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	file, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Close())
}
