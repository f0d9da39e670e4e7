// Package build runs builds and reads what BuildKit reports about them.
//
//	value, r := build.Export(t, b, "fixtures/caching", "id")
//	require.Equal(t, first, value)
//	require.NotEqual(t, progress.No, r.Cached("RUN cat"))
//
// The progress is BuildKit's own rawjson, so "cached", "at the same time" and
// "never sent" are read from it, not guessed from text meant for people. Releases
// lose some of it, see [Losses]: results and exit codes decide first, then the
// error that the build ends with, and last what the progress reports.
package build

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/enginecache"
	"builders.test/helpers/evidence"
	"builders.test/helpers/files"
	"builders.test/helpers/progress"
	"builders.test/helpers/spec"
	"gotest.tools/v3/icmd"
)

// Result is one build.
type Result struct {
	// Progress is what BuildKit reported, step by step.
	progress.Progress
	// Command is the finished command with both its streams.
	Command *icmd.Result

	args    []string
	builder string
}

// Run builds the context folder on a builder and fails the claim if the build
// does not succeed.
func Run(t *spec.T, b *builder.Builder, context string, options ...Option) *Result {
	return Start(t, b, context, options...).MustWait(t)
}

// Try builds the context folder on a builder and returns the result, whatever it
// is. The docker driver makes an image of every result: if the options neither
// name the result nor send it anywhere, it gets a name of the run.
func Try(t *spec.T, b *builder.Builder, context string, options ...Option) *Result {
	return Start(t, b, context, options...).Wait(t)
}

// named reports whether the options name the result or send it somewhere.
func named(options []Option) bool {
	return slices.ContainsFunc(Words(options...), func(word string) bool {
		name, _, _ := strings.Cut(word, "=")
		return slices.Contains([]string{"--tag", "-t", "--output", "-o", "--call", "--check", "--print"}, name)
	})
}

// TryIn builds on the current builder of a configuration and returns the result,
// whatever it is.
func TryIn(t *spec.T, config cli.Config, context string, options ...Option) *Result {
	// The current builder may be the engine's own.
	enginecache.Snapshot(t)
	return start(t, config, context, options).Wait(t)
}

// Stderr returns what buildx itself wrote to standard error apart from the
// progress: its warnings, and why it failed.
func (r *Result) Stderr() string {
	_, said := evidence.SplitProgress([]byte(r.Command.Stderr()))
	return strings.TrimSpace(string(said))
}

// FailureMessage says in one line why the build failed: the step that failed and
// the end of its log, or the command and the last line that it printed.
func (r *Result) FailureMessage() string {
	if why, failed := r.failedStep(); failed {
		return why
	}
	return cli.FailureMessage(r.Command)
}

// FailureReason is [Result.FailureMessage] without the command.
func (r *Result) FailureReason() string {
	if why, failed := r.failedStep(); failed {
		return why
	}
	return cli.LastLine(r.Command)
}

func (r *Result) failedStep() (why string, failed bool) {
	for _, v := range r.Failed() {
		return fmt.Sprintf("step %q failed: %s%s", v.Name, v.Error, tail(v.Log)), true
	}
	return "", false
}

// tail returns the end of a step's output, short enough for one line.
func tail(log string) string {
	const limit = 300
	var end string
	for line := range strings.Lines(log) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if end != "" {
			end += " / "
		}
		end += line
	}
	if end == "" {
		return ""
	}
	if len(end) > limit {
		end = "…" + strings.ToValidUTF8(end[len(end)-limit:], "")
	}
	return "; it said: " + end
}

// StepLogs returns everything the steps printed, for claims about the text itself.
func (r *Result) StepLogs() string {
	var text strings.Builder
	for _, v := range r.Vertices {
		text.WriteString(v.Log)
	}
	return text.String()
}

// Transcript returns the build as people read it: a line for each step, what went
// wrong, and what the command printed besides its progress.
func (r *Result) Transcript() string {
	var text strings.Builder
	for _, v := range r.Vertices {
		switch {
		case v.Error != "":
			fmt.Fprintf(&text, "ERROR %s: %s\n", v.Name, v.Error)
		case v.Cached:
			fmt.Fprintf(&text, "CACHED %s\n", v.Name)
		default:
			fmt.Fprintf(&text, "%s\n", v.Name)
		}
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(&text, "WARNING %s\n", warning)
	}
	return text.String() + r.Stderr() + "\n"
}

// Export builds the context folder and returns the build and the content of one
// file of the result, without surrounding white space. The result should be
// small: its whole file system is written out.
func Export(t *spec.T, b *builder.Builder, context, file string, options ...Option) (string, *Result) {
	tree, r := ExportAll(t, b, context, options...)
	return tree.Text(t, file), r
}

// TryExport is [Export] for a build that may fail, in which case there is no content.
func TryExport(t *spec.T, b *builder.Builder, context, file string, options ...Option) (string, *Result) {
	dir, option := exported(t)
	r := Try(t, b, context, append(options, option)...)
	if !r.succeeded() {
		return "", r
	}
	return files.In(dir).Text(t, file), r
}

// ExportAll is [Export] with all files of the result.
func ExportAll(t *spec.T, b *builder.Builder, context string, options ...Option) (files.Tree, *Result) {
	dir, option := exported(t)
	r := Run(t, b, context, append(options, option)...)
	return files.In(dir), r
}

func exported(t *spec.T) (dir string, option Option) {
	dir = filepath.Join(t.Env.Dir, t.Env.Name("export"))
	return dir, Local(dir)
}
