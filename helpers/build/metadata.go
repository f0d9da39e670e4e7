package build

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/spec"
)

// The flags that make buildx write down what it made. Each changes what buildx
// does after a build, so the body of a claim has to ask for it.
const (
	metadataFile = "--metadata-file"
	idFile       = "--iidfile"
)

// WithMetadata has buildx write down what it exported, for [Result.Metadata].
func WithMetadata(t *spec.T) Option {
	return flag(metadataFile, filepath.Join(t.Env.Dir, t.Env.Name("metadata")+".json"))
}

// IDFile has buildx write the image's id into a file, for [Result.ID]. buildx
// refuses that for outputs that are not images: local and tar.
func IDFile(t *spec.T) Option {
	return flag(idFile, filepath.Join(t.Env.Dir, t.Env.Name("iid")))
}

// Metadata is what buildx wrote into a build's metadata file. It is empty if the
// build failed or exported no image.
type Metadata struct {
	// Digest is the digest of the exported image: of its index if it has one,
	// otherwise of its manifest.
	Digest string
	// MediaType says which of the two Digest names. Some outputs omit it.
	MediaType string
	// Config is the digest of the image's configuration. Most outputs omit it.
	Config string
}

// Metadata returns what buildx recorded about the image. The build must have the
// option [WithMetadata].
func (r *Result) Metadata(t *spec.T) Metadata {
	content := r.note(t, metadataFile, "build.WithMetadata(t)")
	if content == nil {
		return Metadata{}
	}
	m, err := parseMetadata(content)
	if err != nil {
		t.EnvironmentFailed("%v", err)
	}
	return m
}

// ID returns the image's id as buildx wrote it down. The build must have the
// option [IDFile].
func (r *Result) ID(t *spec.T) string {
	return strings.TrimSpace(string(r.note(t, idFile, "build.IDFile(t)")))
}

// note returns what buildx wrote into the file that a flag of the build names, or
// nil if the build failed and left none. Only a missing file after a successful
// build counts against buildx; other errors say nothing about the build.
func (r *Result) note(t *spec.T, flag, option string) []byte {
	content, err := r.noted(flag)
	switch {
	case errors.Is(err, errNotAsked):
		t.Mistaken("the spec reads what buildx writes for %s and did not ask for it: add %s to the options of the build", flag, option)
	case errors.Is(err, errNothingWritten):
		t.Fatalf("on builder %s the build succeeded, but buildx wrote nothing for %s", r.builder, flag)
	case err != nil:
		t.EnvironmentFailed("cannot read buildx's file for %s: %v", flag, err)
	}
	return content
}

var (
	errNotAsked       = errors.New("the build did not request it")
	errNothingWritten = errors.New("the build succeeded but wrote nothing")
)

func (r *Result) noted(flag string) ([]byte, error) {
	i := slices.Index(r.args, flag)
	if i < 0 {
		return nil, errNotAsked
	}
	content, err := os.ReadFile(r.args[i+1])
	if !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	if r.succeeded() {
		return nil, errNothingWritten
	}
	return nil, nil
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
