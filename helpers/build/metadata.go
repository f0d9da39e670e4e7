package build

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"builders.test/helpers/spec"
)

// Metadata is what buildx wrote into a build's metadata file. A build that
// failed or exported no image leaves all of it empty.
type Metadata struct {
	// Digest is that of the image that was exported: of its index, if it has
	// one, otherwise of its manifest.
	Digest string
	// MediaType tells which of the two Digest is. Some outputs leave it out.
	MediaType string
	// Config is the digest of the image's configuration. Most outputs leave
	// it out.
	Config string
}

func readMetadata(t *spec.T, path string) Metadata {
	t.Helper()
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Metadata{}
	}
	if err != nil {
		t.EnvironmentFailed("read a build's metadata: %v", err)
	}
	m, err := parseMetadata(content)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return m
}

func parseMetadata(content []byte) (Metadata, error) {
	var file struct {
		Digest     string `json:"containerimage.digest"`
		Config     string `json:"containerimage.config.digest"`
		Descriptor struct {
			MediaType string `json:"mediaType"`
		} `json:"containerimage.descriptor"`
	}
	if err := json.Unmarshal(content, &file); err != nil {
		return Metadata{}, fmt.Errorf("read a build's metadata: %w", err)
	}
	return Metadata{Digest: file.Digest, MediaType: file.Descriptor.MediaType, Config: file.Config}, nil
}
