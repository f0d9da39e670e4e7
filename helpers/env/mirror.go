package env

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// probeImage is small, and the base of most fixtures.
const probeImage = "library/busybox:latest"

// probeMirror fetches an image from the mirror, whole: one that answers, but
// refuses, truncates or takes for ever, is no less at fault than one that is
// down. Without a mirror the registry is asked only where a build failed to
// find an image in it.
func (e *Environment) probeMirror(ctx context.Context) error {
	if e.Mirror == "" {
		return nil
	}
	ref, err := name.ParseReference(e.Mirror+"/"+probeImage, name.Insecure)
	if err != nil {
		return fmt.Errorf("the mirror at %s: %w", e.Mirror, err)
	}
	platform := v1.Platform{OS: "linux", Architecture: e.Engine.Arch}
	image, err := remote.Image(ref, remote.WithContext(ctx), remote.WithPlatform(platform), remote.WithRetryPredicate(never))
	if err == nil {
		err = validate.Image(image)
	}
	if err != nil {
		return fmt.Errorf("the mirror at %s does not serve %s any more: %w", e.Mirror, probeImage, err)
	}
	return nil
}

// never repeats a request: what is asked is whether it works now.
func never(error) bool { return false }
