package image

import (
	"bytes"
	"context"
	"strings"
	"time"

	"builders.test/helpers/env"
	"builders.test/helpers/evidence"
	"builders.test/helpers/spec"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"
)

// Exit codes of a container that the engine could not create or start, as the
// docker command reports them.
const (
	notCreated = 125
	notStarted = 127
)

// Output is what a container did.
type Output struct {
	// Exit is its exit code.
	Exit int
	// Runs reports that it had not ended when it was stopped; see [TryUntil].
	Runs bool
	// Stdout is what it printed to standard output, and Stderr what it or the engine
	// printed to standard error, both without the last line break.
	Stdout, Stderr string
}

// Run runs a command of the image for a platform, without a network, and fails
// the claim unless it exits with 0. It returns what the command printed to
// standard output.
func Run(t *spec.T, ref, platform string, command ...string) string {
	out := Try(t, ref, platform, command...)
	if out.Exit != 0 {
		t.Fatalf("image %s (%s) exited with %d and printed: %s", ref, platform, out.Exit, strings.TrimSpace(out.Stdout+" "+out.Stderr))
	}
	return out.Stdout
}

// Try runs a command of the image for a platform, without a network, and returns
// what happened. Without a command it runs the image's own.
func Try(t *spec.T, ref, platform string, command ...string) Output {
	return try(t.Context(), t, platform, container.Config{Image: ref, Cmd: command})
}

// TryUntil is [Try] for an image that may not end by itself: at the deadline it is stopped.
func TryUntil(t *spec.T, deadline time.Time, ref, platform string, command ...string) Output {
	ctx, cancel := context.WithDeadline(t.Context(), deadline)
	defer cancel()
	return try(ctx, t, platform, container.Config{Image: ref, Cmd: command})
}

// TryProgram runs a program of the image instead of its entrypoint.
func TryProgram(t *spec.T, ref, platform string, program ...string) Output {
	return try(t.Context(), t, platform, container.Config{Image: ref, Entrypoint: program[:1], Cmd: program[1:]})
}

// try keeps the run as evidence, as the command that a person would type. ctx bounds how
// long the container runs.
func try(ctx context.Context, t *spec.T, platform string, config container.Config) Output {
	started := time.Now()
	out := start(ctx, t, platform, config)
	line := []string{"docker", "run", "--rm", "--network", "none", "--platform", platform}
	if len(config.Entrypoint) > 0 {
		line = append(line, "--entrypoint", config.Entrypoint[0])
	}
	err := t.Evidence.Command(evidence.Command{
		Args: append(append(line, config.Image), config.Cmd...), Env: []string{"DOCKER_HOST=" + t.Env.Engine.Host},
		Started: started.UTC(), Seconds: time.Since(started).Seconds(),
		Exit: out.Exit, Stdout: []byte(out.Stdout), Stderr: []byte(out.Stderr),
	})
	t.EnvironmentOK(err, "cannot save the evidence")
	return out
}

// start reads the container's log after it ends: what a short-lived container
// prints can be lost to clients that only listen while it runs.
func start(ctx context.Context, t *spec.T, platform string, config container.Config) Output {
	wanted, err := parsePlatform(platform)
	if err != nil {
		return Output{Exit: notCreated, Stderr: err.Error()}
	}
	config.Labels = map[string]string{env.RunLabel: t.Env.Run}
	host := container.HostConfig{NetworkMode: "none"}
	created, err := t.Env.Client.ContainerCreate(t.Context(), &config, &host, nil, wanted, t.Env.Name("run"))
	if failing(err) {
		t.EnvironmentFailed("create a container of the image %s: %v", config.Image, err)
	}
	if err != nil {
		return Output{Exit: notCreated, Stderr: err.Error()}
	}
	// An image that is removed while a container still uses it stays behind without a
	// name, so the container is removed as soon as its output is known.
	defer remove(t, created.ID)
	if err := t.Env.Client.ContainerStart(t.Context(), created.ID, container.StartOptions{}); err != nil {
		return Output{Exit: notStarted, Stderr: err.Error()}
	}
	ended, failed := t.Env.Client.ContainerWait(ctx, created.ID, container.WaitConditionNotRunning)
	select {
	case err := <-failed:
		if t.Context().Err() == nil && ctx.Err() != nil {
			out := log(t, created.ID)
			out.Runs = true
			return out
		}
		if t.Context().Err() == nil {
			t.EnvironmentFailed("wait for the container of the image %s: %v", config.Image, err)
		}
		t.Fatalf("the container of the image %s did not end: %v", config.Image, err)
		return Output{}
	case status := <-ended:
		out := log(t, created.ID)
		out.Exit = int(status.StatusCode)
		return out
	}
}

// failing distinguishes an engine that is not there from one that cannot make a container
// from what it was given, which may be the image's fault.
func failing(err error) bool {
	return cerrdefs.IsUnavailable(err) || client.IsErrConnectionFailed(err)
}

func log(t *spec.T, id string) Output {
	stream, err := t.Env.Client.ContainerLogs(t.Context(), id, container.LogsOptions{ShowStdout: true, ShowStderr: true})
	t.EnvironmentOK(err, "read a container's output")
	defer stream.Close()
	var stdout, stderr bytes.Buffer
	if _, err := stdcopy.StdCopy(&stdout, &stderr, stream); err != nil {
		t.EnvironmentFailed("read a container's output: %v", err)
	}
	return Output{Stdout: strings.TrimSpace(stdout.String()), Stderr: strings.TrimSpace(stderr.String())}
}

func remove(t *spec.T, id string) {
	t.TakeAway("remove a container", func(ctx context.Context) error {
		return t.Env.Client.ContainerRemove(ctx, id, container.RemoveOptions{Force: true, RemoveVolumes: true})
	})
}
