// Package build runs builds and reads what BuildKit says while it works.
//
//	r := build.Run(t, b, "fixtures/caching")
//	require.True(t, r.Step(t, "RUN cat").Cached)
//
// The progress is BuildKit's own rawjson, so "cached", "at the same time" and
// "never sent" are read from it, not guessed from text meant for people.
package build

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/spec"
	"gotest.tools/v3/icmd"
)

// Result is one build.
type Result struct {
	// Progress is what BuildKit reported, step by step.
	Progress
	// Digest is the digest of what was exported, if an image was.
	Digest string
	// Command is the finished command with both its streams.
	Command *icmd.Result
}

// Run builds the context folder on a builder and fails the claim if the build
// does not succeed.
func Run(t *spec.T, b *builder.Builder, context string, options ...Option) *Result {
	t.Helper()
	r := Try(t, b, context, options...)
	if r.Command.ExitCode != 0 || r.Command.Timeout {
		r.blameRegistry(t)
		t.Fatalf("on builder %s: %s", b.Name, r.Complaint())
	}
	return r
}

// blameRegistry ends the claim as an error of the environment if the build
// failed to look up a base image and the engine, asked to look it up by
// itself, fails too: then the registry is to blame and not BuildKit.
func (r *Result) blameRegistry(t *spec.T) {
	t.Helper()
	for _, v := range r.Vertices {
		ref := v.baseImage()
		if ref == "" || v.Error == "" || v.Canceled() {
			continue
		}
		if _, err := t.Env.Client.DistributionInspect(t.Context(), ref, ""); err != nil {
			t.EnvironmentFailed("the base image %s cannot be had: BuildKit says %s; the engine says %v", ref, v.Error, err)
		}
	}
}

// Try builds the context folder on a builder and returns the result whatever
// it is.
func Try(t *spec.T, b *builder.Builder, context string, options ...Option) *Result {
	t.Helper()
	return TryIn(t, b.Home, context, append([]Option{flag("--builder", b.Name)}, options...)...)
}

// TryIn builds on the current builder of a home and returns the result
// whatever it is.
func TryIn(t *spec.T, home cli.Home, context string, options ...Option) *Result {
	t.Helper()
	return try(t, home, "build", context, options)
}

// try runs a buildx command that builds, with the target of the command last.
func try(t *spec.T, home cli.Home, verb, target string, options []Option) *Result {
	t.Helper()
	metadata := filepath.Join(t.Env.Dir, t.Env.Name("metadata")+".json")
	args := []string{"buildx", verb, "--progress=rawjson", "--metadata-file", metadata}
	for _, option := range options {
		args = append(args, option...)
	}
	command := home.Try(t, append(args, target)...)
	progress, err := Parse(strings.NewReader(command.Stderr()))
	if err != nil {
		t.Fatalf("the build's progress cannot be read: %v", err)
	}
	for _, image := range progress.images() {
		t.Uses(image)
	}
	return &Result{Progress: progress, Digest: digestIn(metadata), Command: command}
}

// digestIn reads the exported digest from a build's metadata file; a build
// that failed or exported no image has none.
func digestIn(path string) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	var metadata struct {
		Digest string `json:"containerimage.digest"`
	}
	if err := json.Unmarshal(content, &metadata); err != nil {
		return ""
	}
	return metadata.Digest
}

// Complaint says in one line why the build failed: the step that failed and
// the last thing it said, or the command and its last words.
func (r *Result) Complaint() string {
	if why, failed := r.failedStep(); failed {
		return why
	}
	return cli.Complaint(r.Command)
}

// Reason is [Result.Complaint] without the command.
func (r *Result) Reason() string {
	if why, failed := r.failedStep(); failed {
		return why
	}
	return cli.LastWords(r.Command)
}

func (r *Result) failedStep() (why string, failed bool) {
	for _, v := range r.Vertices {
		if v.Error != "" && !v.Canceled() {
			return fmt.Sprintf("step %q failed: %s%s", v.Name, v.Error, tail(v.Log)), true
		}
	}
	return "", false
}

// tail is the end of a step's output, short enough for one line.
func tail(log string) string {
	const limit = 300
	log = strings.TrimSpace(log)
	if log == "" {
		return ""
	}
	if len(log) > limit {
		log = "…" + log[len(log)-limit:]
	}
	return "; it said: " + log
}

// Said is everything the steps printed, for claims about the text itself.
func (r *Result) Said() string {
	var text strings.Builder
	for _, v := range r.Vertices {
		text.WriteString(v.Log)
	}
	return text.String()
}

// Step is the one vertex whose name contains the text; the claim fails if
// there is none, since a step that vanished proves nothing.
func (r *Result) Step(t *spec.T, text string) Vertex {
	t.Helper()
	v, ok := r.Find(text)
	if !ok {
		t.Fatalf("the build reported no step %q; it reported %s", text, strings.Join(r.names(), " | "))
	}
	return v
}

// Export builds the context folder and returns the content of one file of the
// result, together with the build. The result should be small: its whole file
// system is written out.
func Export(t *spec.T, b *builder.Builder, context, file string, options ...Option) (string, *Result) {
	t.Helper()
	output := exportTo(t)
	r := Run(t, b, context, append(options, output.option())...)
	return output.read(t, file), r
}

// TryExport does the same for a build that may fail; then there is no content.
func TryExport(t *spec.T, b *builder.Builder, context, file string, options ...Option) (string, *Result) {
	t.Helper()
	output := exportTo(t)
	r := Try(t, b, context, append(options, output.option())...)
	if r.Command.ExitCode != 0 || r.Command.Timeout {
		return "", r
	}
	return output.read(t, file), r
}

// export is the folder that a build writes its result to.
type export string

func exportTo(t *spec.T) export {
	t.Helper()
	return export(filepath.Join(t.Env.Dir, t.Env.Name("export")))
}

func (e export) option() Option { return Output("type=local,dest=" + string(e)) }

func (e export) read(t *spec.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(string(e), filepath.FromSlash(file)))
	if err != nil {
		t.Fatalf("the build succeeded, but its result holds no %s: %v", file, err)
	}
	return strings.TrimSpace(string(content))
}
