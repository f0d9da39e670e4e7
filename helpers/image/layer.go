package image

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// Layer returns a layer with some files, by their paths, which everyone may read: what
// a build exports to a folder keeps its mode, and not every user of the specs is root.
func Layer(files map[string]string) (v1.Layer, error) {
	var archive bytes.Buffer
	packer := tar.NewWriter(&archive)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		if err := packer.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			return nil, fmt.Errorf("pack %s into a layer: %w", name, err)
		}
		if _, err := io.WriteString(packer, content); err != nil {
			return nil, fmt.Errorf("pack %s into a layer: %w", name, err)
		}
	}
	if err := packer.Close(); err != nil {
		return nil, fmt.Errorf("make a layer: %w", err)
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive.Bytes())), nil
	})
}
