package image

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"builders.test/lab/debian"
	"builders.test/lab/site"
)

// Part is a group of Debian packages unpacked into a folder.
type Part struct {
	// Dir is the folder; empty is the root.
	Dir string
	// Names are the packages, which bring along their dependencies.
	Names []string
	// On are packages whose closure is left out.
	On []string
	// Without matches the names of packages to leave out.
	Without string
	// Keep matches the paths to keep, relative to Dir.
	Keep string
}

// Unpacked is a layer of packages that do not run in place, but are copied from
// there.
type Unpacked struct {
	Parts []Part
	// Manifest is the path of a list of the packages' checksums.
	Manifest string
}

// unpackedFormat is the format of [Unpacked] alone: since 2, it is not compressed.
const unpackedFormat = "2"

// Identity implements [Layer].
func (u Unpacked) Identity() string { return fmt.Sprintf("%s unpacked %+v", unpackedFormat, u) }

// Write implements [Layer].
func (u Unpacked) Write(ctx context.Context, m *Maker, arch string, to io.Writer) error {
	w := tar.NewWriter(to)
	var all []string
	for _, part := range u.Parts {
		debs, err := part.debs(ctx, m.Archives[arch])
		if err != nil {
			return err
		}
		if err := part.write(ctx, debs, w); err != nil {
			return err
		}
		all = append(all, debs...)
	}
	list, err := manifest(all)
	if err != nil {
		return err
	}
	if err := (File{Text: list, Mode: 0o644}).write(w, u.Manifest); err != nil {
		return err
	}
	return w.Close()
}

func (p Part) debs(ctx context.Context, archive *debian.Archive) ([]string, error) {
	debs, err := archive.ClosureOn(ctx, p.On, p.Names)
	if err != nil {
		return nil, err
	}
	without, err := regexp.Compile("^(" + p.Without + ")$")
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(debs, func(deb string) bool {
		name, _, _ := strings.Cut(filepath.Base(deb), "_")
		return without.MatchString(name)
	}), nil
}

// write merges the packages and copies the files to keep into the folder.
func (p Part) write(ctx context.Context, debs []string, to *tar.Writer) error {
	keep, err := regexp.Compile("^(" + p.Keep + ")$")
	if err != nil {
		return err
	}
	reader, writer := io.Pipe()
	merged := make(chan error, 1)
	go func() {
		err := merge(ctx, debs, writer)
		writer.CloseWithError(err)
		merged <- err
	}()
	err = p.copy(tar.NewReader(reader), keep, to)
	reader.CloseWithError(errors.New("not read on"))
	if failed := <-merged; err == nil {
		err = failed
	}
	return err
}

// copy leaves out folders, which are made when the layer is unpacked.
func (p Part) copy(from *tar.Reader, keep *regexp.Regexp, to *tar.Writer) error {
	for {
		h, err := from.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag == tar.TypeDir || !keep.MatchString(h.Name) {
			continue
		}
		h.Name = path.Join(p.Dir, h.Name)
		if h.Typeflag == tar.TypeLink {
			h.Linkname = path.Join(p.Dir, h.Linkname)
		}
		if err := to.WriteHeader(h); err != nil {
			return err
		}
		if _, err := io.Copy(to, from); err != nil {
			return err
		}
	}
}

// manifest lists packages as sha256sum does, sorted by name.
func manifest(debs []string) (string, error) {
	debs = slices.Clone(debs)
	slices.Sort(debs)
	var list strings.Builder
	for _, deb := range slices.Compact(debs) {
		sum, err := site.Sum(deb)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&list, "%s  %s\n", sum, filepath.Base(deb))
	}
	return list.String(), nil
}

// Alone is a layer of just these packages, without their dependencies.
type Alone struct {
	Names []string
	// Keep matches the paths to keep.
	Keep string
}

// Identity implements [Layer].
func (a Alone) Identity() string { return fmt.Sprintf("%s alone %+v", format, a) }

// Write implements [Layer].
func (a Alone) Write(ctx context.Context, m *Maker, arch string, to io.Writer) error {
	debs, err := m.Archives[arch].Download(ctx, a.Names...)
	if err != nil {
		return err
	}
	w := tar.NewWriter(to)
	if err := (Part{Keep: a.Keep}).write(ctx, debs, w); err != nil {
		return err
	}
	return w.Close()
}
