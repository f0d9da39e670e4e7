package image

import (
	"fmt"
	"os"
	"path/filepath"

	"builders.test/helpers/files"
	"builders.test/helpers/spec"
	ggcr "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// InArchive returns the only image of the OCI image layout in a tar archive, see
// [InLayout].
func InArchive(t *spec.T, file string) ggcr.Image {
	dir := filepath.Join(t.Env.Dir, t.Env.Name("unpacked"))
	if err := os.CopyFS(dir, files.Tar(t, file)); err != nil {
		files.Unread(t, err, "%s cannot be unpacked", filepath.Base(file))
	}
	return InLayout(t, dir)
}

// InLayout returns the only image of the OCI image layout in a folder. The claim
// fails unless there is exactly one, complete and true to its digests.
func InLayout(t *spec.T, dir string) ggcr.Image {
	img, err := imageIn(dir)
	if err != nil {
		files.Unread(t, err, "%s is not an OCI layout of one image", filepath.Base(dir))
	}
	return img
}

func imageIn(dir string) (ggcr.Image, error) {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	if len(manifest.Manifests) != 1 {
		return nil, fmt.Errorf("its index.json lists %d manifests", len(manifest.Manifests))
	}
	img, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		return nil, err
	}
	return img, validate.Image(img)
}

// Files returns what the file system of an image holds.
func Files(t *spec.T, img ggcr.Image) files.Tree {
	flat := mutate.Extract(img)
	defer flat.Close()
	tree, err := files.Untar(flat)
	t.OK(err, "cannot read the image's layers")
	return tree
}
