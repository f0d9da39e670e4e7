package image

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"builders.test/lab/debian"
	"builders.test/lab/process"
)

// format is part of every layer's identity. Raise it when the code that writes
// layers changes what it writes.
const format = "1"

// packagesFormat is the format of [Packages] alone: since 2, no folder is repeated.
const packagesFormat = "2"

// Packages is a layer of Debian packages and what they depend on.
type Packages struct {
	Names []string
	// On are the packages of the layers below; their closure is left out.
	On []string
}

// Identity implements [Layer].
func (p Packages) Identity() string {
	return fmt.Sprintf("%s packages %s on %s", packagesFormat, strings.Join(p.Names, " "), strings.Join(p.On, " "))
}

// Write implements [Layer].
func (p Packages) Write(ctx context.Context, m *Maker, arch string, to io.Writer) error {
	debs, err := m.Archives[arch].ClosureOn(ctx, p.On, p.Names)
	if err != nil {
		return err
	}
	return merge(ctx, debs, to)
}

// merge writes the files of packages as one tree.
func merge(ctx context.Context, debs []string, to io.Writer) error {
	w := tar.NewWriter(to)
	tree := debian.NewTree(w)
	for _, deb := range debs {
		if _, err := tree.Add(ctx, deb); err != nil {
			return err
		}
	}
	if err := tree.Finish(); err != nil {
		return err
	}
	return w.Close()
}

// File is one entry of [Files]: a copy of a file on this machine, a text, a
// symbolic link or, if nothing is set, an empty folder.
type File struct {
	From string
	Text string
	Link string
	// Mode are the permission bits; 0 means 0755.
	Mode int64
}

// Files is a layer of single files by their path in the image, without a
// leading slash. The folders above them are made as needed.
type Files map[string]File

// Identity implements [Layer]. Files of this machine count by name: the name of
// their folder says what they were made from.
func (f Files) Identity() string {
	parts := []string{format, "files"}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		e := f[name]
		from := e.From
		if from != "" {
			from = filepath.Join(filepath.Base(filepath.Dir(from)), filepath.Base(from))
		}
		parts = append(parts, fmt.Sprintf("%s %q %q %q %o", name, from, e.Text, e.Link, e.Mode))
	}
	return strings.Join(parts, "\n")
}

// Write implements [Layer].
func (f Files) Write(_ context.Context, _ *Maker, _ string, to io.Writer) error {
	w := tar.NewWriter(to)
	dirs := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if err := parents(w, dirs, name); err != nil {
			return err
		}
		if err := f[name].write(w, name); err != nil {
			return err
		}
	}
	return w.Close()
}

func parents(w *tar.Writer, done map[string]bool, name string) error {
	dir := path.Dir(name)
	if dir == "." || done[dir] {
		return nil
	}
	if err := parents(w, done, dir); err != nil {
		return err
	}
	done[dir] = true
	return w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755, ModTime: fileTime})
}

// fileTime is the time of files that have none of their own.
var fileTime = time.Unix(0, 0)

func (e File) write(w *tar.Writer, name string) error {
	mode := e.Mode
	if mode == 0 {
		mode = 0o755
	}
	h := tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(e.Text)), ModTime: fileTime}
	var content io.Reader = strings.NewReader(e.Text)
	switch {
	case e.Link != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, e.Link
	case e.From != "":
		from, err := os.Open(e.From)
		if err != nil {
			return err
		}
		defer from.Close()
		info, err := from.Stat()
		if err != nil {
			return err
		}
		h.Size, content = info.Size(), from
	case e.Text == "":
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
	}
	if err := w.WriteHeader(&h); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	_, err := io.Copy(w, content)
	return err
}

// Busybox is a layer with Debian's static busybox and a link for each of its
// commands, in a folder such as "bin".
type Busybox struct{ Dir string }

// Identity implements [Layer].
func (b Busybox) Identity() string { return format + " busybox in " + b.Dir }

// Write implements [Layer].
func (b Busybox) Write(ctx context.Context, m *Maker, arch string, to io.Writer) error {
	binary, err := m.busybox(ctx, arch)
	if err != nil {
		return err
	}
	// Both architectures are built from one source with one configuration, so the
	// busybox that runs here lists the commands of both.
	native, err := m.busybox(ctx, m.HostArch)
	if err != nil {
		return err
	}
	list, err := process.Command{Args: []string{native, "--list"}}.Output(ctx)
	if err != nil {
		return err
	}
	files := Files{path.Join(b.Dir, "busybox"): {From: binary}}
	for _, command := range strings.Fields(list) {
		if command != "busybox" {
			files[path.Join(b.Dir, command)] = File{Link: "busybox"}
		}
	}
	return files.Write(ctx, m, arch, to)
}

// busybox unpacks busybox for an architecture and returns its path.
func (m *Maker) busybox(ctx context.Context, arch string) (string, error) {
	debs, err := m.Archives[arch].Download(ctx, "busybox-static")
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(m.Temp, "busybox-")
	if err != nil {
		return "", err
	}
	if err := debian.Unpack(ctx, dir, debs...); err != nil {
		return "", err
	}
	for _, name := range []string{"bin/busybox", "usr/bin/busybox"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return filepath.Join(dir, name), nil
		}
	}
	return "", fmt.Errorf("the package busybox-static has no busybox")
}
