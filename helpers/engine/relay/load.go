package relay

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
)

// largestIndex is how much of an archive's index is read, in bytes.
const largestIndex = 8 << 20

// load is `docker load`, and `--load` of a builder that is not the engine's own: the archive
// says which names its images get. It passes while it comes, but the part with the names
// waits until they are announced.
func (r *Relay) load(request *http.Request, _ string) (func([]byte), error) {
	body := bufio.NewReader(request.Body)
	if magic, _ := body.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return nil, r.loadCompressed(request, body)
	}
	announce := func(name string) error { return r.given(request, name) }
	through, into := io.Pipe()
	go func() { _ = into.CloseWithError(pass(body, into, announce)) }()
	request.Body = through
	return nil, nil
}

// loadCompressed keeps a compressed archive until its names are known.
func (r *Relay) loadCompressed(request *http.Request, body io.Reader) error {
	kept, err := os.CreateTemp("", "")
	if err != nil {
		return err
	}
	// It has no name from here on, so it is gone when it is closed.
	if err := os.Remove(kept.Name()); err != nil {
		return err
	}
	if _, err := io.Copy(kept, body); err != nil {
		return fmt.Errorf("keep the archive: %w", err)
	}
	if _, err := kept.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if plain, err := gzip.NewReader(kept); err == nil {
		err := pass(plain, io.Discard, func(name string) error { return r.given(request, name) })
		if err != nil {
			return err
		}
	}
	if _, err := kept.Seek(0, io.SeekStart); err != nil {
		return err
	}
	request.Body = kept
	return nil
}

// pass copies an archive, and announces the names in its index before the index is
// written. What is no archive is copied all the same.
func pass(from io.Reader, to io.Writer, announce func(name string) error) error {
	gate := &gate{to: to}
	copied := io.TeeReader(from, gate)
	archive := tar.NewReader(copied)
	for {
		header, err := archive.Next()
		if err != nil {
			break
		}
		namesIn := indexes[header.Name]
		if namesIn == nil {
			continue
		}
		gate.closed = true
		content, err := io.ReadAll(io.LimitReader(archive, largestIndex))
		if err != nil {
			break
		}
		for _, name := range namesIn(content) {
			if err := announce(name); err != nil {
				return err
			}
		}
		if err := gate.open(); err != nil {
			return err
		}
	}
	if err := gate.open(); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, copied)
	return err
}

// gate is a writer that keeps what it gets while it is closed.
type gate struct {
	to     io.Writer
	closed bool
	kept   bytes.Buffer
}

func (g *gate) Write(p []byte) (int, error) {
	if g.closed {
		return g.kept.Write(p)
	}
	return g.to.Write(p)
}

func (g *gate) open() error {
	g.closed = false
	_, err := g.kept.WriteTo(g.to)
	return err
}

// indexes read the names from an archive in docker's format, and from an OCI layout.
var indexes = map[string]func([]byte) []string{"manifest.json": namesInManifest, "index.json": namesInIndex}

func namesInManifest(content []byte) []string {
	var images []struct{ RepoTags []string }
	if json.Unmarshal(content, &images) != nil {
		return nil
	}
	var names []string
	for _, image := range images {
		names = append(names, image.RepoTags...)
	}
	return names
}

func namesInIndex(content []byte) []string {
	var index struct {
		Manifests []struct{ Annotations map[string]string }
	}
	if json.Unmarshal(content, &index) != nil {
		return nil
	}
	var names []string
	for _, manifest := range index.Manifests {
		if name := manifest.Annotations["io.containerd.image.name"]; name != "" {
			names = append(names, name)
		}
	}
	return names
}
