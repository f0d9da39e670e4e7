// Package artifact reads what a build made, wherever it is: on an engine, in a registry, or in
// an OCI image layout on this machine, a folder or a tar archive.
package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/containerd/platforms"
	"github.com/docker/docker/client"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Artifact is an image, or an index of images for several platforms.
type Artifact struct {
	// Digest identifies it. On an engine it is the image's id.
	Digest string
	index  v1.ImageIndex
	image  v1.Image
}

// ErrAbsent is the error of a name that nothing has: no file, no image on the engine, no
// image in a registry.
var ErrAbsent = errors.New("there is no such image")

// Place is where artifacts are looked for.
type Place struct {
	Engine *client.Client
	// Folder is for what has to be unpacked; it must exist and be the caller's.
	Folder string
}

// Find returns what a name stands for: the path of an OCI layout, an image on the
// engine, or a reference that a registry has, in this order.
func (p Place) Find(ctx context.Context, ref string) (Artifact, error) {
	if info, err := os.Stat(ref); err == nil {
		if info.IsDir() {
			return inLayout(ref)
		}
		return p.inArchive(ref)
	}
	if strings.HasPrefix(ref, "/") || strings.HasPrefix(ref, ".") || strings.HasSuffix(ref, ".tar") {
		return Artifact{}, fmt.Errorf("%s: %w", ref, ErrAbsent)
	}
	found, err := p.onEngine(ctx, ref)
	if cerrdefs.IsNotFound(err) {
		return inRegistry(ctx, ref)
	}
	return found, err
}

func (p Place) onEngine(ctx context.Context, ref string) (Artifact, error) {
	about, err := p.Engine.ImageInspect(ctx, ref)
	if err != nil {
		return Artifact{}, err
	}
	found, err := p.save(ctx, ref)
	found.Digest = about.ID
	return found, err
}

func (p Place) save(ctx context.Context, ref string) (found Artifact, err error) {
	saved, err := p.Engine.ImageSave(ctx, []string{ref})
	if err != nil {
		return Artifact{}, fmt.Errorf("save the image %s: %w", ref, err)
	}
	defer saved.Close()
	file, err := os.CreateTemp(p.Folder, "saved-*.tar")
	if err != nil {
		return Artifact{}, err
	}
	_, err = io.Copy(file, saved)
	if err := errors.Join(err, file.Close()); err != nil {
		return Artifact{}, fmt.Errorf("save the image %s: %w", ref, err)
	}
	return p.inArchive(file.Name())
}

func inLayout(dir string) (Artifact, error) {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return Artifact{}, fmt.Errorf("%s is no OCI image layout: %w", dir, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return Artifact{}, fmt.Errorf("%s: %w", dir, err)
	}
	// An image with two names is listed twice.
	all := slices.CompactFunc(manifest.Manifests, func(a, b v1.Descriptor) bool { return a.Digest == b.Digest })
	if len(all) != 1 {
		return Artifact{index: index}, nil
	}
	found := Artifact{Digest: all[0].Digest.String()}
	if all[0].MediaType.IsIndex() {
		found.index, err = index.ImageIndex(all[0].Digest)
	} else {
		found.image, err = index.Image(all[0].Digest)
	}
	return found, err
}

func inRegistry(ctx context.Context, ref string) (Artifact, error) {
	parsed, err := name.ParseReference(ref, name.Insecure)
	if err != nil {
		return Artifact{}, fmt.Errorf("%s: %w, and it is no reference", ref, ErrAbsent)
	}
	descriptor, err := remote.Get(parsed, remote.WithContext(ctx))
	if err != nil {
		return Artifact{}, err
	}
	found := Artifact{Digest: descriptor.Digest.String()}
	if descriptor.MediaType.IsIndex() {
		found.index, err = descriptor.ImageIndex()
	} else {
		found.image, err = descriptor.Image()
	}
	return found, err
}

// Platforms lists the platforms, in order, without the entries that hold attestations.
func (a Artifact) Platforms() ([]string, error) {
	if a.image != nil {
		platform, err := platformOf(a.image)
		return []string{platform}, err
	}
	entries, err := a.entries()
	var all []string
	for platform := range entries {
		all = append(all, platform)
	}
	slices.Sort(all)
	return all, err
}

// entries are the images of an index, by platform.
func (a Artifact) entries() (map[string]v1.Descriptor, error) {
	manifest, err := a.index.IndexManifest()
	if err != nil {
		return nil, err
	}
	all := map[string]v1.Descriptor{}
	for _, one := range manifest.Manifests {
		switch {
		case one.Platform != nil && one.Platform.OS == "unknown":
		case one.Platform != nil && one.Platform.OS != "":
			all[format(*one.Platform)] = one
		case one.MediaType.IsImage():
			image, err := a.index.Image(one.Digest)
			if err != nil {
				return nil, err
			}
			platform, err := platformOf(image)
			if err != nil {
				return nil, err
			}
			all[platform] = one
		}
	}
	return all, nil
}

// Image returns the image for a platform. If there is only one image, an empty platform
// stands for its own.
func (a Artifact) Image(platform string) (v1.Image, error) {
	all, err := a.Platforms()
	if err != nil {
		return nil, err
	}
	if platform == "" && len(all) == 1 {
		platform = all[0]
	}
	if platform, err = normalized(platform); err != nil {
		return nil, err
	}
	if !slices.Contains(all, platform) {
		return nil, fmt.Errorf("it has no image for %s, only for %s", platform, strings.Join(all, ", "))
	}
	if a.image != nil {
		return a.image, nil
	}
	entries, err := a.entries()
	if err != nil {
		return nil, err
	}
	return a.index.Image(entries[platform].Digest)
}

func platformOf(image v1.Image) (string, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return "", fmt.Errorf("read the image's config: %w", err)
	}
	return format(v1.Platform{OS: config.OS, Architecture: config.Architecture, Variant: config.Variant}), nil
}

// format writes a platform as people do, such as linux/arm/v7.
func format(p v1.Platform) string {
	return platforms.Format(platforms.Normalize(ocispec.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant}))
}

func normalized(platform string) (string, error) {
	parsed, err := platforms.Parse(platform)
	if err != nil {
		return "", fmt.Errorf("%q is not a platform; write one such as linux/arm64: %w", platform, err)
	}
	return platforms.Format(platforms.Normalize(parsed)), nil
}
