package env

import (
	"context"
	"fmt"

	"builders.test/helpers/upstream"
)

// probeImage is small, and the base of most fixtures.
const probeImage = "library/busybox:latest"

// probeMirror fetches a whole image from the mirror: one that answers but
// refuses, truncates or hangs is as much at fault as one that is down. Without a
// mirror the registry is asked only after a build failed to find an image there.
func (e *Environment) probeMirror(ctx context.Context) error {
	if e.Testbed.Mirror.Address == "" {
		return nil
	}
	mirror := upstream.Route{{Name: e.Testbed.Mirror.Address, Plain: true}}
	if err := mirror.Pull(ctx, probeImage, e.Engine.Arch); err != nil {
		return fmt.Errorf("the mirror does not serve %s: %w", probeImage, err)
	}
	return nil
}
