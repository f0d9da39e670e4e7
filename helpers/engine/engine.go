// Package engine asks the Docker Engine itself for facts about containers, volumes and
// images, and removes what a spec left there on purpose.
package engine

import (
	"context"
	"debug/buildinfo"
	"time"

	"builders.test/helpers/spec"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/volume"
)

const removeTimeout = time.Minute

// Container is what the engine knows of a container; the claim fails if it has
// none.
func Container(t *spec.T, name string) container.InspectResponse {
	t.Helper()
	found, err := t.Env.Client.ContainerInspect(t.Context(), name)
	if !exists(t, "container "+name, err) {
		t.Fatalf("the engine has no container %s", name)
	}
	return found
}

// HasContainer reports whether the engine has a container, running or not.
func HasContainer(t *spec.T, name string) bool {
	t.Helper()
	_, err := t.Env.Client.ContainerInspect(t.Context(), name)
	return exists(t, "container "+name, err)
}

// Volume is what the engine knows of a volume; the claim fails if it has none.
func Volume(t *spec.T, name string) volume.Volume {
	t.Helper()
	found, err := t.Env.Client.VolumeInspect(t.Context(), name)
	if !exists(t, "volume "+name, err) {
		t.Fatalf("the engine has no volume %s", name)
	}
	return found
}

// HasVolume reports whether the engine has a volume.
func HasVolume(t *spec.T, name string) bool {
	t.Helper()
	_, err := t.Env.Client.VolumeInspect(t.Context(), name)
	return exists(t, "volume "+name, err)
}

// exists distinguishes "not there", which is an answer, from an engine that could not
// answer, which is not a fault of BuildKit's and ends the claim as an error.
func exists(t *spec.T, what string, err error) bool {
	t.Helper()
	if err != nil && !cerrdefs.IsNotFound(err) {
		t.EnvironmentFailed("ask the engine for %s: %v", what, err)
	}
	return err == nil
}

// ImageID is the id under which the engine has an image; the claim fails if it
// has none.
func ImageID(t *spec.T, ref string) string {
	t.Helper()
	found, err := t.Env.Client.ImageInspect(t.Context(), ref)
	if !exists(t, "image "+ref, err) {
		t.Fatalf("the engine has no image %s", ref)
	}
	return found.ID
}

// RemoveContainer removes a container behind the back of buildx.
func RemoveContainer(t *spec.T, name string) {
	t.Helper()
	err := t.Env.Client.ContainerRemove(t.Context(), name, container.RemoveOptions{Force: true})
	if !exists(t, "the removal of container "+name, err) {
		t.Fatalf("the engine has no container %s that could be removed", name)
	}
}

// RemoveVolumeAfter registers the removal of a volume that the spec expects
// buildx to keep; one that is gone by then is fine.
func RemoveVolumeAfter(t *spec.T, name string) {
	t.Helper()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
		defer cancel()
		if err := t.Env.Client.VolumeRemove(ctx, name, true); err != nil && !cerrdefs.IsNotFound(err) {
			t.Errorf("clean-up: remove volume %s: %v", name, err)
		}
	})
}

const buildkitModule = "github.com/moby/buildkit"

// BuiltInBuildKit is the version of the BuildKit that the engine's program was
// built with, read from the program itself rather than from what it says. The
// claim needs [claim.EngineProgram].
func BuiltInBuildKit(t *spec.T) string {
	t.Helper()
	program, err := t.Env.EngineProgram()
	if err != nil {
		t.EnvironmentFailed("find the engine's program: %v", err)
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.EnvironmentFailed("read how the engine was built: %v", err)
	}
	for _, module := range info.Deps {
		if module.Path == buildkitModule {
			return module.Version
		}
	}
	t.EnvironmentFailed("the engine's program %s does not report which BuildKit it was built with", program)
	return ""
}
