package registry

import (
	"builders.test/helpers/spec"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Copy puts an image of the mirror, or of Docker Hub if there is no mirror, under
// a tag of the registry, replacing what the tag named before. It returns the
// image's digest.
func (r Registry) Copy(t *spec.T, image, tag string) v1.Hash {
	from := parse(t, image)
	if t.Env.Testbed.Mirror.Address != "" {
		from = inMirror(t, image)
	}
	found, err := remote.Get(from, remote.WithContext(t.Context()))
	t.EnvironmentOK(err, "look up the image %s", image)
	t.EnvironmentOK(remote.Push(parse(t, r.Ref(tag)), found, remote.WithContext(t.Context())), "copy the image %s to the registry", image)
	return found.Digest
}
