// Package image makes the images that the lab's registry serves. A [Recipe] is
// data; [Maker] turns it into an index of images and keeps the layers.
package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
)

// OriginLabel marks the lab's images and says what each was built from.
const OriginLabel = "test.builders.origin"

// Recipe says how an image is made.
type Recipe struct {
	// Refs are the names that the registry serves it under, such as
	// "library/debian:bookworm-slim".
	Refs []string
	// Registry is the registry that has an image of that name elsewhere, such as
	// "gcr.io"; empty means Docker Hub.
	Registry string `json:",omitempty"`
	// Origin completes "built by the lab from …".
	Origin string
	// StandIn is set if the image takes the place of one that is unavailable, and
	// says in a phrase what it is instead.
	StandIn string
	// Archs are the architectures it is made for, in Go's names.
	Archs []string
	// Layers from the lowest to the highest.
	Layers []Layer

	Entrypoint, Cmd, Env []string
	WorkingDir, User     string
	Volumes, Ports       []string
	Labels               map[string]string
}

// Layer is one layer of a recipe.
type Layer interface {
	// Identity changes whenever the layer's content may change.
	Identity() string
	// Write writes the layer for one architecture as a tar stream.
	Write(ctx context.Context, m *Maker, arch string, to io.Writer) error
}

// Key changes whenever the images that the recipe makes may change. It does not
// depend on names.
func (r Recipe) Key() string {
	layers := make([]string, len(r.Layers))
	for i, layer := range r.Layers {
		layers[i] = layer.Identity()
	}
	r.Layers, r.Refs, r.Registry = nil, nil, ""
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings and slices of strings always marshal
	}
	return digest(string(text), strings.Join(layers, "\n"))
}

func digest(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])[:16]
}

// Name returns the recipe's first name, for people.
func (r Recipe) Name() string { return r.Names()[0] }

// Names returns the references as in a Dockerfile: "debian:bookworm" for
// "library/debian:bookworm", with the registry unless that is Docker Hub.
func (r Recipe) Names() []string {
	names := make([]string, len(r.Refs))
	for i, ref := range r.Refs {
		names[i] = path.Join(r.Registry, strings.TrimPrefix(ref, "library/"))
	}
	return names
}

// String names the image.
func (r Recipe) String() string { return fmt.Sprintf("image %s", r.Name()) }
