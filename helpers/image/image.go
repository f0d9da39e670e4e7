// Package image looks at images in the engine, runs them and removes them.
package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"builders.test/helpers/cli"
	"builders.test/helpers/env"
	"builders.test/helpers/evidence"
	"builders.test/helpers/spec"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	"github.com/moby/moby/api/types/container"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/wait"
)

// New returns a reference for an image that the spec will load, and registers
// the image's removal.
func New(t *spec.T, label string) string {
	t.Helper()
	ref := t.Env.Image(label)
	t.Cleanup(func() { Remove(t, ref) })
	return ref
}

// Remove takes an image from the engine; one that is not there is fine.
func Remove(t *spec.T, ref string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := t.Env.Client.ImageRemove(ctx, ref, image.RemoveOptions{Force: true, PruneChildren: true})
	if err != nil && !cerrdefs.IsNotFound(err) {
		t.Errorf("clean-up: remove image %s: %v", ref, err)
	}
}

// Pull brings one platform of a registry's image into the engine and registers
// its removal.
func Pull(t *spec.T, ref, platform string) {
	t.Helper()
	t.Cleanup(func() { Remove(t, ref) })
	cli.NewHome(t).Docker(t, "pull", "--quiet", "--platform", platform, ref)
}

// Exists tells whether the engine has the image.
func Exists(t *spec.T, ref string) bool {
	t.Helper()
	_, err := t.Env.Client.ImageInspect(t.Context(), ref)
	if err != nil && !cerrdefs.IsNotFound(err) {
		t.EnvironmentFailed("inspect image %s: %v", ref, err)
	}
	return err == nil
}

// Inspect is what the engine knows of an image, for one platform of it.
func Inspect(t *spec.T, ref, platform string) image.InspectResponse {
	t.Helper()
	var options []client.ImageInspectOption
	// Only the containerd store keeps several platforms under one name, and
	// only it takes the question.
	if t.Env.Engine.Store == "containerd" && platform != "" {
		options = append(options, client.ImageInspectWithPlatform(parsePlatform(platform)))
	}
	inspected, err := t.Env.Client.ImageInspect(t.Context(), ref, options...)
	if err != nil {
		t.Fatalf("the engine has no image %s for %s: %v", ref, platform, err)
	}
	return inspected
}

func parsePlatform(platform string) *v1.Platform {
	os, arch, _ := strings.Cut(platform, "/")
	return &v1.Platform{OS: os, Architecture: arch}
}

// Output is what a container did.
type Output struct {
	// Exit is its exit code; -1 if it could not be started.
	Exit int
	// Text is what it printed on both streams, without the last line break.
	Text string
	// Refused is why the engine could not start it, or empty.
	Refused string
}

// Run runs a command of the image for a platform, without network, and fails
// the claim unless it exits with 0. It returns what the command printed.
func Run(t *spec.T, ref, platform string, command ...string) string {
	t.Helper()
	out := Try(t, ref, platform, command...)
	if out.Refused != "" {
		t.Fatalf("image %s (%s) could not be started: %s", ref, platform, out.Refused)
	}
	if out.Exit != 0 {
		t.Fatalf("image %s (%s) exited with %d and said: %s", ref, platform, out.Exit, out.Text)
	}
	return out.Text
}

// Try runs a command of the image for a platform, without network, and
// returns what happened. Without a command it runs the image's own.
func Try(t *spec.T, ref, platform string, command ...string) Output {
	t.Helper()
	options := []testcontainers.ContainerCustomizer{
		testcontainers.WithImagePlatform(platform),
		testcontainers.WithCmd(command...),
	}
	return start(t, ref, platform, command, options)
}

// TryProgram runs a program of the image in place of its entrypoint.
func TryProgram(t *spec.T, ref, platform string, program ...string) Output {
	t.Helper()
	options := []testcontainers.ContainerCustomizer{
		testcontainers.WithImagePlatform(platform),
		testcontainers.WithEntrypoint(program...),
	}
	return start(t, ref, platform, append([]string{"--entrypoint"}, program...), options)
}

func start(t *spec.T, ref, platform string, shown []string, options []testcontainers.ContainerCustomizer) Output {
	t.Helper()
	started := time.Now()
	options = append(options,
		testcontainers.WithName(t.Env.Name("run")),
		testcontainers.WithLabels(map[string]string{env.RunLabel: t.Env.Run}),
		testcontainers.WithHostConfigModifier(func(host *container.HostConfig) { host.NetworkMode = "none" }),
		testcontainers.WithWaitStrategy(wait.ForExit().WithPollInterval(50*time.Millisecond)),
		testcontainers.WithLogger(log.NewNoopLogger()),
	)
	running, err := testcontainers.Run(t.Context(), ref, options...)
	testcontainers.CleanupContainer(t, running)
	out := outcome(t.Context(), running, err)
	// An image that is removed while a container still uses it stays behind
	// without a name, so the container goes as soon as it has spoken.
	if err := testcontainers.TerminateContainer(running); err != nil {
		t.Errorf("clean-up: remove the container of %s: %v", ref, err)
	}
	args := append([]string{"docker", "run", "--rm", "--network", "none", "--platform", platform, ref}, shown...)
	if err := t.Evidence.Command(evidence.Command{
		Args: args, Started: started.UTC(), Seconds: time.Since(started).Seconds(),
		Exit: out.Exit, Stdout: []byte(out.Text), Stderr: []byte(out.Refused),
	}); err != nil {
		t.EnvironmentFailed("evidence cannot be kept: %v", err)
	}
	return out
}

func outcome(ctx context.Context, running *testcontainers.DockerContainer, err error) Output {
	if running == nil {
		return Output{Exit: -1, Refused: fmt.Sprint(err)}
	}
	state, stateErr := running.State(ctx)
	logs, logsErr := running.Logs(ctx)
	if err := errors.Join(err, stateErr, logsErr); err != nil {
		return Output{Exit: -1, Refused: err.Error()}
	}
	defer logs.Close()
	text, err := io.ReadAll(logs)
	if err != nil {
		return Output{Exit: -1, Refused: err.Error()}
	}
	return Output{Exit: state.ExitCode, Text: strings.TrimSpace(string(text))}
}
