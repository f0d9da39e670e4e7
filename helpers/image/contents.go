package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"builders.test/helpers/spec"
)

// FilesContaining lists the files of a saved image that hold the text: layers, with the
// paths of their files, the config, manifests and attestations. Layers are searched unpacked, so what a
// later layer hides or removes is found, too.
func FilesContaining(t *spec.T, ref, text string) []string {
	saved, err := t.Env.Client.ImageSave(t.Context(), []string{ref})
	t.OK(err, "the engine cannot save the image %s", ref)
	defer saved.Close()
	found, err := search(saved, []byte(text))
	t.OK(err, "cannot read the saved image %s", ref)
	return found
}

// search lists the files of a tar stream that hold the text, looking inside
// compressed ones. A stream without any file is an error: nothing was searched.
func search(stream io.Reader, text []byte) ([]string, error) {
	var found []string
	files := 0
	archive := tar.NewReader(stream)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) && files == 0 {
			return nil, errors.New("it has no file")
		}
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		files++
		content, err := unpacked(archive)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", header.Name, err)
		}
		if bytes.Contains(content, text) {
			found = append(found, header.Name+within(content, text))
		}
	}
}

// within names the files of a layer that hold the text, in parentheses. It is empty for
// what is no archive, or if the text is in a name.
func within(content, text []byte) string {
	var names []string
	for files := tar.NewReader(bytes.NewReader(content)); ; {
		header, err := files.Next()
		if err != nil {
			break // it is complete, or no archive
		}
		if body, err := io.ReadAll(files); err == nil && bytes.Contains(body, text) {
			names = append(names, "/"+strings.TrimLeft(header.Name, "./"))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// unpacked returns the content of a file, decompressed if it is gzipped. It
// refuses other compression, in which the text could not be found.
func unpacked(file io.Reader) ([]byte, error) {
	buffered := bufio.NewReader(file)
	// A file may be shorter than the magic numbers.
	start, _ := buffered.Peek(len(zstdMagic))
	if bytes.HasPrefix(start, zstdMagic) {
		return nil, errors.New("it is compressed with zstd, which cannot be searched")
	}
	if !bytes.HasPrefix(start, gzipMagic) {
		return io.ReadAll(buffered)
	}
	plain, err := gzip.NewReader(buffered)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(plain)
}
