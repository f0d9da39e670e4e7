// Package image looks at images in the engine, runs them and removes them.
package image

import (
	"context"
	"strings"
	"time"

	"builders.test/helpers/cli"
	"builders.test/helpers/env"
	"builders.test/helpers/spec"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
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
	id := Inspect(t, ref, "").ID
	t.Cleanup(func() { removeNameless(t, id) })
}

// removeNameless removes an image by its id once no name is left for it: in
// the overlay2 store a name belongs to one platform, and the next one that is
// pulled takes it away.
func removeNameless(t *spec.T, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	found, err := t.Env.Client.ImageInspect(ctx, id)
	if err == nil && len(found.RepoTags) == 0 {
		Remove(t, id)
	}
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

// Labelled lists the ids of the engine's images that carry a label, written
// key=value, also of those that have no name.
func Labelled(t *spec.T, label string) []string {
	t.Helper()
	found, err := t.Env.Client.ImageList(t.Context(), image.ListOptions{Filters: filters.NewArgs(filters.Arg("label", label))})
	if err != nil {
		t.EnvironmentFailed("list the images with the label %s: %v", label, err)
	}
	var ids []string
	for _, summary := range found {
		ids = append(ids, summary.ID)
	}
	return ids
}

// Inspect is what the engine knows of an image, for one platform of it.
func Inspect(t *spec.T, ref, platform string) image.InspectResponse {
	t.Helper()
	var options []client.ImageInspectOption
	// Only the containerd store keeps several platforms under one name, and
	// only it takes the question.
	if t.Env.Engine.Store == env.StoreContainerd && platform != "" {
		options = append(options, client.ImageInspectWithPlatform(parsePlatform(platform)))
	}
	inspected, err := t.Env.Client.ImageInspect(t.Context(), ref, options...)
	if err != nil {
		t.Fatalf("the engine has no image %s for %s: %v", ref, platform, err)
	}
	return inspected
}

// Content is what an image is made of, whichever store holds it: the same
// content has another id in each.
type Content struct {
	// Platform is for example linux/amd64.
	Platform string
	// Layers are the digests of the uncompressed layers, lowest first.
	Layers []string
	// Env, Cmd, Entrypoint, User, Folder and Labels are the configuration that
	// containers start with.
	Env, Cmd, Entrypoint []string
	User, Folder         string
	Labels               map[string]string
	// Created is the time that the image gives for its making.
	Created string
}

// ContentOf is the content of an image for one platform of it.
func ContentOf(t *spec.T, ref, platform string) Content {
	t.Helper()
	found := Inspect(t, ref, platform)
	if found.Config == nil {
		t.Fatalf("the engine has no configuration of the image %s", ref)
	}
	return Content{
		Platform: found.Os + "/" + found.Architecture, Layers: found.RootFS.Layers,
		Env: found.Config.Env, Cmd: found.Config.Cmd, Entrypoint: found.Config.Entrypoint,
		User: found.Config.User, Folder: found.Config.WorkingDir, Labels: found.Config.Labels,
		Created: found.Created,
	}
}

func parsePlatform(platform string) *v1.Platform {
	os, arch, _ := strings.Cut(platform, "/")
	return &v1.Platform{OS: os, Architecture: arch}
}

// Output is what a container did.
type Output struct {
	// Exit is its exit code.
	Exit int
	// Text is what it printed on its standard output, and Complaints what it
	// or the engine said on the standard error, both without the last line
	// break.
	Text, Complaints string
}

// Run runs a command of the image for a platform, without network, and fails
// the claim unless it exits with 0. It returns what the command printed on
// its standard output.
func Run(t *spec.T, ref, platform string, command ...string) string {
	t.Helper()
	out := Try(t, ref, platform, command...)
	if out.Exit != 0 {
		t.Fatalf("image %s (%s) exited with %d and said: %s", ref, platform, out.Exit, strings.TrimSpace(out.Text+" "+out.Complaints))
	}
	return out.Text
}

// Try runs a command of the image for a platform, without network, and
// returns what happened. Without a command it runs the image's own.
func Try(t *spec.T, ref, platform string, command ...string) Output {
	t.Helper()
	return start(t, platform, append([]string{ref}, command...))
}

// TryProgram runs a program of the image in place of its entrypoint.
func TryProgram(t *spec.T, ref, platform string, program ...string) Output {
	t.Helper()
	return start(t, platform, append([]string{"--entrypoint", program[0], ref}, program[1:]...))
}

// start waits for the container's removal, too: an image that is removed while
// a container still uses it stays behind without a name.
func start(t *spec.T, platform string, args []string) Output {
	t.Helper()
	run := []string{
		"run", "--rm", "--pull", "never", "--name", t.Env.Name("run"), "--label", env.RunLabel + "=" + t.Env.Run,
		"--network", "none", "--platform", platform,
	}
	result := cli.NewHome(t).Try(t, append(run, args...)...)
	return Output{
		Exit: result.ExitCode,
		Text: strings.TrimSpace(result.Stdout()), Complaints: strings.TrimSpace(result.Stderr()),
	}
}
