package debian

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"builders.test/lab/process"
)

// Tree merges packages into the files of one image layer. It does what dpkg
// would, except that no package script runs: it needs neither a root file system
// to change into nor an emulator, and the same packages give the same bytes. The
// few files that scripts would have made come from [finishers].
type Tree struct {
	w *tar.Writer
	// kept are the contents that finishers read.
	kept map[string][]byte
	// names are all paths written so far. Packages share folders, and the overlay2
	// image store refuses layers that repeat a path.
	names  map[string]bool
	newest time.Time
}

// NewTree starts a layer on w. The caller closes w.
func NewTree(w *tar.Writer) *Tree {
	return &Tree{w: w, kept: map[string][]byte{}, names: map[string]bool{}}
}

// merged are the top-level folders that are links into /usr. Packages still
// ship files under the old names.
var merged = []string{"bin", "sbin", "lib", "lib32", "lib64", "libx32"}

// unwanted are folders that no build needs. Licenses (usr/share/doc/*/copyright)
// stay.
var unwanted = []string{"usr/share/man/", "usr/share/info/", "usr/share/locale/", "usr/share/lintian/", "usr/share/doc-base/"}

// Add writes the files of one package and returns their paths.
func (t *Tree) Add(ctx context.Context, deb string) ([]string, error) {
	reader, writer := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		err := process.Command{Args: []string{"dpkg-deb", "--fsys-tarfile", deb}, Stdout: writer}.Run(ctx)
		writer.CloseWithError(err)
		failed <- err
	}()
	paths, err := t.copy(reader)
	reader.CloseWithError(errors.New("not read on"))
	if ran := <-failed; err == nil {
		err = ran
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path.Base(deb), err)
	}
	return paths, nil
}

func (t *Tree) copy(from io.Reader) ([]string, error) {
	var paths []string
	files := tar.NewReader(from)
	for {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			// What follows the archive's end is padding; it must be read,
			// or the program that writes it fails.
			_, err = io.Copy(io.Discard, from)
			return paths, err
		}
		if err != nil {
			return nil, err
		}
		name := clean(h.Name)
		if name == "" || dropped(name) {
			continue
		}
		paths = append(paths, "/"+name)
		if err := t.put(name, *h, files); err != nil {
			return nil, err
		}
	}
}

func clean(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

func dropped(name string) bool {
	for _, prefix := range unwanted {
		if strings.HasPrefix(name+"/", prefix) {
			return true
		}
	}
	// usr/share/doc/PACKAGE stays, with the license in it.
	below, isDoc := strings.CutPrefix(name, "usr/share/doc/")
	_, file, inPackage := strings.Cut(below, "/")
	return isDoc && inPackage && file != "copyright"
}

// put writes one entry to where the merged folders lead.
func (t *Tree) put(name string, h tar.Header, content io.Reader) error {
	for _, top := range merged {
		if name == top {
			return t.mergeTop(top)
		}
		if !strings.HasPrefix(name, top+"/") {
			continue
		}
		if err := t.mergeTop(top); err != nil {
			return err
		}
		name = "usr/" + name
	}
	if h.Typeflag == tar.TypeLink {
		h.Linkname = resolveMerged(clean(h.Linkname))
	}
	if t.names[name] {
		return nil
	}
	if h.ModTime.After(t.newest) {
		t.newest = h.ModTime
	}
	if wanted(name) && h.Typeflag == tar.TypeReg {
		data, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		t.kept[name], content = data, bytes.NewReader(data)
	}
	return t.write(tar.Header{
		Typeflag: h.Typeflag, Name: name, Linkname: h.Linkname, Size: h.Size, Mode: h.Mode & 0o7777,
		Uid: h.Uid, Gid: h.Gid, ModTime: h.ModTime, Devmajor: h.Devmajor, Devminor: h.Devminor,
	}, content)
}

func (t *Tree) mergeTop(top string) error {
	if t.names[top] {
		return nil
	}
	if err := t.write(tar.Header{Typeflag: tar.TypeDir, Name: "usr/" + top, Mode: 0o755, ModTime: epoch}, nil); err != nil {
		return err
	}
	return t.write(tar.Header{Typeflag: tar.TypeSymlink, Name: top, Linkname: "usr/" + top, Mode: 0o777, ModTime: epoch}, nil)
}

func resolveMerged(name string) string {
	top, _, _ := strings.Cut(name, "/")
	if slices.Contains(merged, top) {
		return "usr/" + name
	}
	return name
}

// write writes an entry, unless its path was written before.
func (t *Tree) write(h tar.Header, content io.Reader) error {
	if t.names[h.Name] {
		return nil
	}
	t.names[h.Name] = true
	if h.Typeflag == tar.TypeDir {
		h.Name += "/"
	}
	if err := t.w.WriteHeader(&h); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	_, err := io.Copy(t.w, content)
	return err
}

// epoch is the time of files that no package carries.
var epoch = time.Unix(0, 0)

// Finish writes what the packages' scripts would have made.
func (t *Tree) Finish() error {
	for _, f := range finishers {
		if !f.applies(t) {
			continue
		}
		for _, file := range f.make(t) {
			if err := t.extra(file); err != nil {
				return err
			}
		}
	}
	return nil
}

// extra writes a file that no package carries, with the folders above it.
func (t *Tree) extra(f made) error {
	for i, c := range f.name {
		if c != '/' {
			continue
		}
		if err := t.write(tar.Header{Typeflag: tar.TypeDir, Name: f.name[:i], Mode: 0o755, ModTime: t.newest}, nil); err != nil {
			return err
		}
	}
	h := tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(len(f.text)), ModTime: t.newest}
	if f.link != "" {
		h = tar.Header{Typeflag: tar.TypeSymlink, Name: f.name, Linkname: f.link, Mode: 0o777, ModTime: t.newest}
	}
	return t.write(h, strings.NewReader(f.text))
}

func (t *Tree) keptUnder(prefix string) []string {
	names := slices.Sorted(maps.Keys(t.kept))
	return slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, prefix) })
}
