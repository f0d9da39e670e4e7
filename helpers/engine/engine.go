// Package engine asks the Docker Engine itself for facts about containers, volumes and
// images, and removes what a spec left there on purpose.
package engine

import (
	"context"
	"debug/buildinfo"

	"builders.test/helpers/spec"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/volume"
)

// Container returns what the engine knows about a container; the claim fails if
// there is none.
func Container(t *spec.T, name string) container.InspectResponse {
	found, err := t.Env.Client.ContainerInspect(t.Context(), name)
	if !Answered(t, "container "+name, err) {
		t.Fatalf("the engine has no container %s", name)
	}
	return found
}

// HasContainer reports whether the engine has a container, running or not.
func HasContainer(t *spec.T, name string) bool {
	_, err := t.Env.Client.ContainerInspect(t.Context(), name)
	return Answered(t, "container "+name, err)
}

// Volume returns what the engine knows about a volume; the claim fails if there is
// none.
func Volume(t *spec.T, name string) volume.Volume {
	found, err := t.Env.Client.VolumeInspect(t.Context(), name)
	if !Answered(t, "volume "+name, err) {
		t.Fatalf("the engine has no volume %s", name)
	}
	return found
}

// HasVolume reports whether the engine has a volume.
func HasVolume(t *spec.T, name string) bool {
	_, err := t.Env.Client.VolumeInspect(t.Context(), name)
	return Answered(t, "volume "+name, err)
}

// Answered distinguishes "not there", which is an answer, from an engine that could not
// answer, which is not BuildKit's fault and ends the claim as an error.
func Answered(t *spec.T, what string, err error) bool {
	if err != nil && !cerrdefs.IsNotFound(err) {
		t.EnvironmentFailed("ask the engine for %s: %v", what, err)
	}
	return err == nil
}

// RemoveContainer removes a container behind the back of buildx.
func RemoveContainer(t *spec.T, name string) {
	err := t.Env.Client.ContainerRemove(t.Context(), name, container.RemoveOptions{Force: true})
	if !Answered(t, "the removal of container "+name, err) {
		t.Fatalf("the engine has no container %s that could be removed", name)
	}
}

// RemoveVolumeAfter registers the removal of a volume that the spec expects
// buildx to keep; it may be gone by then.
func RemoveVolumeAfter(t *spec.T, name string) {
	t.Cleanup(func() {
		t.TakeAway("remove volume "+name, func(ctx context.Context) error { return t.Env.Client.VolumeRemove(ctx, name, true) })
	})
}

const buildkitModule = "github.com/moby/buildkit"

// BuiltInBuildKit returns the version of the BuildKit that the engine's program
// was built with, read from the program itself rather than from what it reports.
// The claim needs [claim.EngineProgram].
func BuiltInBuildKit(t *spec.T) string {
	program, err := t.Env.EngineProgram()
	t.EnvironmentOK(err, "find the engine's program")
	info, err := buildinfo.ReadFile(program)
	t.EnvironmentOK(err, "read how the engine was built")
	for _, module := range info.Deps {
		if module.Path == buildkitModule {
			return module.Version
		}
	}
	t.EnvironmentFailed("the engine's program %s does not report which BuildKit it was built with", program)
	return ""
}
