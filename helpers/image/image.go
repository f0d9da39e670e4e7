// Package image inspects, runs and removes images in the engine.
package image

import (
	"context"
	"time"

	"builders.test/helpers/cli"
	"builders.test/helpers/engine"
	"builders.test/helpers/spec"
	"builders.test/helpers/subject"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// New returns a reference for an image that the spec will load, and registers
// the image's removal.
func New(t *spec.T, label string) string {
	ref := t.Env.Image(label)
	t.Cleanup(func() { Remove(t, ref) })
	return ref
}

// Remove removes an image from the engine; it may be gone already.
func Remove(t *spec.T, ref string) {
	t.TakeAway("remove image "+ref, func(ctx context.Context) error {
		_, err := t.Env.Client.ImageRemove(ctx, ref, image.RemoveOptions{Force: true, PruneChildren: true})
		return err
	})
}

// Pull brings one platform of a registry's image into the engine and registers
// its removal.
func Pull(t *spec.T, ref, platform string) {
	t.Cleanup(func() { Remove(t, ref) })
	cli.NewConfig(t).Docker(t, "pull", "--quiet", "--platform", platform, ref)
	id := Inspect(t, ref, "").ID
	t.Cleanup(func() { forget(t, id, ref) })
}

// forget removes what a pull left of an image apart from its tag. In the overlay2
// store a tag belongs to one platform, and the next platform that is pulled takes
// it; the digest that it was pulled by stays. The same image may have names of
// other specs, so it is removed by its id only if it has no name.
func forget(t *spec.T, id, ref string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	found, err := t.Env.Client.ImageInspect(ctx, id)
	if err != nil {
		return
	}
	for _, digest := range found.RepoDigests {
		if repositoryOf(digest) == repositoryOf(ref) {
			Remove(t, digest)
		}
	}
	if len(found.RepoTags) == 0 && len(found.RepoDigests) == 0 {
		Remove(t, id)
	}
}

// repositoryOf returns a reference without its tag and its digest, or empty.
func repositoryOf(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ""
	}
	return named.Name()
}

// Exists reports whether the engine has the image.
func Exists(t *spec.T, ref string) bool {
	_, err := t.Env.Client.ImageInspect(t.Context(), ref)
	return engine.Answered(t, "image "+ref, err)
}

// Inspect returns what the engine knows about one platform of an image.
func Inspect(t *spec.T, ref, platform string) image.InspectResponse {
	var options []client.ImageInspectOption
	// Only the containerd store keeps several platforms under one name, and only it
	// accepts the question.
	if t.Env.Engine.Store == subject.StoreContainerd && platform != "" {
		wanted, err := parsePlatform(platform)
		t.OK(err, "cannot look up the image %s", ref)
		options = append(options, client.ImageInspectWithPlatform(wanted))
	}
	inspected, err := t.Env.Client.ImageInspect(t.Context(), ref, options...)
	if !engine.Answered(t, "image "+ref, err) {
		t.Fatalf("the engine has no image %s%s: %v", ref, ofPlatform(platform), err)
	}
	return inspected
}

func ofPlatform(platform string) string {
	if platform == "" {
		return ""
	}
	return " for " + platform
}

// Content is what an image is made of, whichever store holds it: the same content
// has a different id in each.
type Content struct {
	// Platform is for example linux/amd64 or linux/arm/v7.
	Platform string
	// Layers are the digests of the uncompressed layers, lowest first.
	Layers []string
	// Env, Cmd, Entrypoint, User, Folder and Labels are the configuration that
	// containers start with.
	Env, Cmd, Entrypoint []string
	User, Folder         string
	Labels               map[string]string
	// Created is when the image says it was made.
	Created string
}

// ContentOf returns the content of one platform of an image.
func ContentOf(t *spec.T, ref, platform string) Content {
	found := Inspect(t, ref, platform)
	if found.Config == nil {
		t.Fatalf("the engine has no configuration of the image %s", ref)
	}
	return Content{
		Platform: formatPlatform(found), Layers: found.RootFS.Layers,
		Env: found.Config.Env, Cmd: found.Config.Cmd, Entrypoint: found.Config.Entrypoint,
		User: found.Config.User, Folder: found.Config.WorkingDir, Labels: found.Config.Labels,
		Created: found.Created,
	}
}

// parsePlatform reads a platform as people write it, such as linux/arm/v7.
func parsePlatform(text string) (*v1.Platform, error) {
	platform, err := platforms.Parse(text)
	return &platform, err
}

func formatPlatform(found image.InspectResponse) string {
	return platforms.Format(platforms.Normalize(v1.Platform{OS: found.Os, Architecture: found.Architecture, Variant: found.Variant}))
}
