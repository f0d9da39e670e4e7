package artifact

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// File is what an image's file system has at a path.
type File struct {
	// Mode is like that of ls, such as -rwxr-xr-x, Owner uid:gid.
	Mode, Owner string
	// Size is in bytes.
	Size int64
	// Link is where a symbolic link points to.
	Link string
	// Content is that of a file; of a folder it is the names in it, one per line.
	Content string
}

// String describes the file in one line.
func (f File) String() string {
	if f.Link != "" {
		return fmt.Sprintf("%s %s -> %s", f.Mode, f.Owner, f.Link)
	}
	return fmt.Sprintf("%s %s %d", f.Mode, f.Owner, f.Size)
}

// ErrNoFile is the error of a path that an image does not have.
var ErrNoFile = errors.New("the image has no such file")

// FileIn returns what an image has at a path, from all its layers together.
func FileIn(image v1.Image, at string) (File, error) {
	at = cleaned(at)
	flat := mutate.Extract(image)
	defer flat.Close()
	var found *File
	var names []string
	links := map[string]string{}
	entries := tar.NewReader(flat)
	for {
		entry, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return File{}, fmt.Errorf("read the image's layers: %w", err)
		}
		name := cleaned(entry.Name)
		if entry.Typeflag == tar.TypeLink {
			links[name] = cleaned(entry.Linkname)
		}
		if path.Dir(name) == at && name != at {
			names = append(names, path.Base(name))
		}
		if name != at {
			continue
		}
		one, err := read(entry, entries)
		if err != nil {
			return File{}, err
		}
		found = &one
	}
	if target, ok := links[at]; ok && target != at {
		return FileIn(image, target)
	}
	if found == nil && len(names) == 0 {
		return File{}, fmt.Errorf("%s: %w", at, ErrNoFile)
	}
	if found == nil {
		found = &File{Mode: "d?????????", Owner: "?:?"}
	}
	if len(names) > 0 {
		slices.Sort(names)
		found.Content = strings.Join(names, "\n") + "\n"
	}
	return *found, nil
}

func read(entry *tar.Header, content io.Reader) (File, error) {
	file := File{Mode: entry.FileInfo().Mode().String(), Owner: fmt.Sprintf("%d:%d", entry.Uid, entry.Gid), Size: entry.Size}
	switch entry.Typeflag {
	case tar.TypeSymlink:
		file.Link = entry.Linkname
	case tar.TypeReg:
		text, err := io.ReadAll(content)
		if err != nil {
			return File{}, fmt.Errorf("read %s in the image: %w", entry.Name, err)
		}
		file.Content = string(text)
	}
	return file, nil
}

// cleaned returns a path as all of them are compared: absolute, without dots.
func cleaned(name string) string { return path.Clean("/" + name) }
