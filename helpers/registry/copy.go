package registry

import (
	"builders.test/helpers/spec"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Copy puts an image of the mirror, or of Docker Hub where there is no mirror,
// under a tag of the registry, in place of what the tag named before. It
// returns the image's digest.
func (r Registry) Copy(t *spec.T, image, tag string) v1.Hash {
	t.Helper()
	from := parse(t, image)
	if t.Env.Testbed.Mirror.Address != "" {
		from = inMirror(t, image)
	}
	found, err := remote.Get(from, remote.WithContext(t.Context()))
	if err != nil {
		t.EnvironmentFailed("look up the image %s: %v", image, err)
	}
	if err := push(t, parse(t, r.Ref(tag)), found); err != nil {
		t.EnvironmentFailed("copy the image %s to the registry: %v", image, err)
	}
	return found.Digest
}

func push(t *spec.T, to name.Reference, found *remote.Descriptor) error {
	t.Helper()
	if found.MediaType.IsIndex() {
		index, err := found.ImageIndex()
		if err != nil {
			return err
		}
		return remote.WriteIndex(to, index, remote.WithContext(t.Context()))
	}
	image, err := found.Image()
	if err != nil {
		return err
	}
	return remote.Write(to, image, remote.WithContext(t.Context()))
}
