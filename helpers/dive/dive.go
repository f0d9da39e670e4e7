// Package dive inspects images with dive, as people do to see what each layer adds.
//
//	found, err := dive.Look(t, "v0.13.1", dive.Archive("image.tar"))
package dive

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"builders.test/helpers/cli"
	"builders.test/helpers/spec"
)

// Source is where dive finds an image.
type Source string

// Engine is an image that the engine has.
func Engine(ref string) Source { return Source("docker://" + ref) }

// Archive is an image in a file that `docker save` wrote.
func Archive(path string) Source { return Source("docker-archive://" + path) }

// Image is what dive says about an image.
type Image struct {
	// Layers are its layers, from the base up.
	Layers []Layer `json:"layer"`
}

// DiffIDs returns the diff IDs of the layers.
func (i Image) DiffIDs() []string {
	var ids []string
	for _, layer := range i.Layers {
		ids = append(ids, layer.DiffID)
	}
	return ids
}

// Layer is what dive says about one layer.
type Layer struct {
	// DiffID is the digest of the uncompressed layer, as the image's configuration
	// has it.
	DiffID string `json:"digestId"`
	// Size is the size of the layer's files, in bytes.
	Size int64 `json:"sizeBytes"`
	// Files are what the layer holds. Releases before v0.13 don't say.
	Files []File `json:"fileList"`
}

// File is one entry of a layer.
type File struct {
	// Path is relative to the root of the image.
	Path string `json:"path"`
}

// Look runs a release of dive on an image. The error is what dive said when
// it could not read the image. The claim needs [claim.Dive].
func Look(t *spec.T, release string, source Source) (Image, error) {
	program := t.Env.Testbed.Dive[release]
	if info, err := os.Stat(program); err != nil || info.IsDir() {
		t.EnvironmentFailed("the testbed has no program of dive %s: %q", release, program)
	}
	report := filepath.Join(t.Env.Dir, t.Env.Name("dive")+".json")
	if err := cli.Err(cli.TryProgram(t, program, string(source), "--json", report)); err != nil {
		return Image{}, err
	}
	content, err := os.ReadFile(report)
	if err != nil {
		return Image{}, fmt.Errorf("dive succeeded but wrote no report: %w", err)
	}
	return parse(content)
}

func parse(report []byte) (Image, error) {
	var image Image
	if err := json.Unmarshal(report, &image); err != nil {
		return Image{}, fmt.Errorf("cannot read dive's report: %w", err)
	}
	if len(image.Layers) == 0 {
		return Image{}, errors.New("dive's report names no layer")
	}
	return image, nil
}
