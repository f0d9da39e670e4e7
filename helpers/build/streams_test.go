package build

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"builders.test/helpers/progress"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
	"gotest.tools/v3/icmd"
)

// Next to each stream in testdata, a .want file has the expected reading. The
// streams are what buildx v0.38.2 printed for builds on the BuildKit in their
// name. Those called cut-… were made from others, and their first line says how.
// Those called merged-… are real: of two builds that came to the same steps at
// the same time, they show the one that waited for the other.
//
// go test ./helpers/build -run TestStreams -update writes the readings again.
func TestStreams(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("../progress/testdata", "*.rawjson"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".rawjson")
		t.Run(name, func(t *testing.T) {
			golden.Assert(t, readingOf(resultOf(t, file)), "../../progress/testdata/"+name+".want")
		})
	}
}

// resultOf returns a build that printed what is in a file. It failed if the file
// says so.
func resultOf(t *testing.T, file string) *Result {
	t.Helper()
	command := icmd.RunCmd(icmd.Cmd{Command: []string{"sh", "-c", `cat "$0" >&2; ! grep -q ^ERROR: "$0"`, file}})
	require.NotErrorIs(t, command.Error, exec.ErrNotFound)
	told, err := progress.Parse(strings.NewReader(command.Stderr()))
	require.NoError(t, err)
	return &Result{Progress: told, Command: command}
}

// readingOf returns a line for each step: whether it was cached, whether it was
// executed, what was sent for it, and what else is known; then why the build
// failed.
func readingOf(r *Result) string {
	var text strings.Builder
	for _, name := range r.Names() {
		v, _ := r.Find(name)
		fmt.Fprintf(&text, "cached %-7s executed %-7s", r.Cached(name), r.Executed(name))
		if v.Canceled() {
			text.WriteString(" canceled")
		} else if v.Error != "" {
			text.WriteString(" failed")
		}
		if v.Sent > 0 {
			fmt.Fprintf(&text, " sent %d", v.Sent)
		}
		if v.Sending {
			text.WriteString(" or more")
		}
		if v.Log != "" {
			fmt.Fprintf(&text, " said %q", v.Log)
		}
		fmt.Fprintf(&text, "  %s\n", name)
	}
	if failure := r.Failure(); failure.Text != "" {
		fmt.Fprintf(&text, "failure %s\n", failure.Text)
		if failure.Command != "" {
			fmt.Fprintf(&text, "command %s\nexit    %d\n", failure.Command, failure.Exit)
		}
	}
	return text.String()
}
