package rehearsal

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"builders.test/helpers/image"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// carriedLabel says in an image's configuration what was added to it.
const carriedLabel = "test.builders.rehearsal"

// carriedPath is where BuildKit's images keep the authorities that BuildKit trusts.
const carriedPath = "etc/ssl/certs/ca-certificates.crt"

// carrier adds the world's authority to the images of BuildKit: a real one trusts
// the authorities that real registries have, and this world's have another. The
// images say so in a label; nothing else about them changes.
type carrier struct {
	mu sync.Mutex
	// manifests are by tag and digest, blobs by digest.
	manifests map[string]document
	blobs     map[string][]byte
}

// document is a manifest and what it is.
type document struct {
	content []byte
	kind    types.MediaType
	digest  v1.Hash
}

// repository is the one whose images change.
const repository = "moby/buildkit"

// serve answers a request for what an image of BuildKit has that the lab's has not. It
// reports whether it did.
func (c *carrier) serve(w http.ResponseWriter, r *http.Request, mirror string, authorities []byte) bool {
	kind, reference, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/v2/"+repository+"/"), "/")
	if !ok || !strings.HasPrefix(r.URL.Path, "/v2/"+repository+"/") {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if kind == "blobs" {
		blob, ok := c.blobs[reference]
		if ok {
			answer(w, r, "application/octet-stream", reference, blob)
		}
		return ok
	}
	found, ok := c.manifests[reference]
	if !ok && !strings.Contains(reference, ":") {
		if err := c.carry(mirror, reference, authorities); err != nil {
			return false // the lab's registry says what is wrong
		}
		found, ok = c.manifests[reference]
	}
	if ok {
		answer(w, r, string(found.kind), found.digest.String(), found.content)
	}
	return ok
}

func answer(w http.ResponseWriter, r *http.Request, kind, digest string, content []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Docker-Content-Digest", digest)
	w.Header().Set("Content-Length", strconv.Itoa(len(content)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(content)
	}
}

// carry makes the images of one tag.
func (c *carrier) carry(mirror, tag string, authorities []byte) error {
	ref, err := name.NewTag(mirror+"/"+repository+":"+tag, name.Insecure)
	if err != nil {
		return err
	}
	index, err := remote.Index(ref)
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	layer, err := image.Layer(map[string]string{carriedPath: string(authorities)})
	if err != nil {
		return err
	}
	if c.manifests == nil {
		c.manifests, c.blobs = map[string]document{}, map[string][]byte{}
	}
	made := mutate.IndexMediaType(empty.Index, manifest.MediaType)
	for _, entry := range manifest.Manifests {
		plain, err := index.Image(entry.Digest)
		if err != nil {
			return err
		}
		changed, err := c.add(plain, layer)
		if err != nil {
			return err
		}
		made = mutate.AppendManifests(made, mutate.IndexAddendum{Add: changed, Descriptor: v1.Descriptor{Platform: entry.Platform}})
	}
	return c.keep(made, tag)
}

// add returns the image with the layer on top.
func (c *carrier) add(plain v1.Image, layer v1.Layer) (v1.Image, error) {
	changed, err := mutate.AppendLayers(plain, layer)
	if err != nil {
		return nil, err
	}
	config, err := changed.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	if config.Config.Labels == nil {
		config.Config.Labels = map[string]string{}
	}
	config.Config.Labels[carriedLabel] = "trusts the authority of a world that was made for a rehearsal"
	if changed, err = mutate.ConfigFile(changed, config); err != nil {
		return nil, err
	}
	raw, err := changed.RawConfigFile()
	if err != nil {
		return nil, err
	}
	id, err := changed.ConfigName()
	if err != nil {
		return nil, err
	}
	c.blobs[id.String()] = raw
	packed, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	digest, err := layer.Digest()
	if err != nil {
		return nil, err
	}
	if c.blobs[digest.String()], err = io.ReadAll(packed); err != nil {
		return nil, err
	}
	return changed, c.keep(changed)
}

// described is an image or an index.
type described interface {
	MediaType() (types.MediaType, error)
	Digest() (v1.Hash, error)
	RawManifest() ([]byte, error)
}

// keep keeps a manifest under its digest and under tags.
func (c *carrier) keep(made described, tags ...string) error {
	var d document
	var err error
	if d.kind, err = made.MediaType(); err != nil {
		return err
	}
	if d.digest, err = made.Digest(); err != nil {
		return err
	}
	if d.content, err = made.RawManifest(); err != nil {
		return err
	}
	for _, reference := range append(tags, d.digest.String()) {
		c.manifests[reference] = d
	}
	return nil
}
