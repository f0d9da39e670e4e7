package env

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"builders.test/helpers/subject"
)

func (e *Environment) openBuildKit(ctx context.Context) error {
	ref, err := subject.ImageOf(e.settings.buildkit)
	if err != nil {
		return err
	}
	if err := e.Fetch(ctx, ref); err != nil {
		err = fmt.Errorf("BUILDKIT=%s: %w", e.settings.buildkit, err)
		if advice := e.settings.advice.BuildKit; advice != nil {
			err = fmt.Errorf("%w; %s", err, advice(e.settings.buildkit))
		}
		return err
	}
	e.listed = nil // there may be one more now
	image, err := e.Client.ImageInspect(ctx, ref)
	if err != nil {
		return fmt.Errorf("inspect %s: %w", ref, err)
	}
	remembered := e.memory(ctx)
	said, known := remembered.of(image.ID)
	if !known {
		if said, err = e.runBuildKit(ctx, ref); err != nil {
			return err
		}
		remembered.keep(image.ID, said)
	}
	e.unseen.Store(known)
	e.BuildKit = subject.BuildKit{Image: ref, Version: said.Version, Digest: digestAmong(image.RepoDigests), Runc: said.Runc}
	return nil
}

// runBuildKit asks a BuildKit for its version and its runc's. One container answers both
// questions; each costs half a second. It gets the privileges that buildx asks for, so that
// an engine that cannot run builders shows here and is not taken for a BuildKit that breaks
// every claim. The image declares a volume; without a name it could not be recognized as
// the run's if the run were killed.
func (e *Environment) runBuildKit(ctx context.Context, ref string) (said versions, err error) {
	out, err := e.docker(ctx, "run", "--rm", "--init", "--privileged", "--userns", "host", "--network", "none", "--label", RunLabel+"="+e.Run,
		"--tmpfs", stateFolder,
		"--entrypoint", "sh", ref, "-c", "buildkitd --version && buildkit-runc --version")
	if err != nil {
		return said, fmt.Errorf("BUILDKIT=%s does not run as a builder on the engine at %s (docker run --init --privileged): %w", e.settings.buildkit, e.Engine.Place(), err)
	}
	if said.Version, err = ParseBuildKitVersion(out); err == nil {
		said.Runc, err = submatch(runcVersion, out, "buildkit-runc --version")
	}
	if err != nil {
		return said, fmt.Errorf("BUILDKIT=%s: %w", e.settings.buildkit, err)
	}
	return said, nil
}

// runsBuilders returns an error if the BuildKit under test does not run as a builder. If
// this run has not seen it run, because an earlier one did, it does so now.
func (e *Environment) runsBuilders(ctx context.Context) error {
	if !e.unseen.Load() {
		return nil
	}
	if _, err := e.runBuildKit(ctx, e.BuildKit.Image); err != nil {
		return err
	}
	e.unseen.Store(false)
	return nil
}

// digestAmong returns the digest by which a registry knows an image, or empty.
func digestAmong(digests []string) string {
	for _, known := range slices.Sorted(slices.Values(digests)) {
		if _, digest, ok := strings.Cut(known, "@"); ok {
			return digest
		}
	}
	return ""
}
