package env

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Environ returns the environment for the commands of a run: that of the process,
// with the run's configuration and the given variables in place of the user's.
func (e *Environment) Environ(extra ...string) []string {
	own := append([]string{
		"DOCKER_HOST=" + e.Engine.Host,
		"DOCKER_CONFIG=" + e.DockerConfig(),
		// Hints and update checks are not part of what is tested.
		"DOCKER_CLI_HINTS=false",
		// Otherwise buildx asks for a build's record to write a metadata file, and fails
		// a build that succeeded if the record is not there yet. A claim about provenance
		// in that file sets it for its own commands.
		"BUILDX_METADATA_PROVENANCE=disabled",
		// Otherwise buildx asks git about every folder that it builds, in four processes.
		"BUILDX_GIT_INFO=false",
		// The clients end soon; collecting garbage takes them a tenth of their time.
		"GOGC=400",
		RunVariable + "=" + e.Run,
	}, extra...)
	var result []string
	for _, kv := range os.Environ() {
		if key, _, _ := strings.Cut(kv, "="); !steers(key) {
			result = append(result, kv)
		}
	}
	return append(result, own...)
}

// steers reports whether one of the user's variables would change what the
// commands of a run do.
func steers(key string) bool {
	switch key {
	case "DOCKER_CONTEXT", "DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_DEFAULT_PLATFORM",
		"BUILDKIT_HOST", "BUILDKIT_PROGRESS", "BUILDKIT_COLORS", "SOURCE_DATE_EPOCH":
		return true
	}
	return strings.HasPrefix(key, "BUILDX_")
}

// docker runs the docker command outside any claim, while the environment is
// being opened. The error holds the command's last line.
func (e *Environment) docker(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, e.Docker, args...)
	command.Env = e.Environ()
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		if state := command.ProcessState; state != nil && !state.Exited() {
			e.Cut()
		}
		said := lastLine(stderr.String())
		if said == "" {
			said = err.Error()
		}
		return "", fmt.Errorf("docker %s: %s", strings.Join(args, " "), said)
	}
	return strings.TrimSpace(stdout.String()), nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, line := range slices.Backward(lines) {
		line = strings.TrimSpace(line)
		// The CLI ends many errors with a pointer to its help.
		if line != "" && !strings.Contains(line, "--help'") {
			return line
		}
	}
	return ""
}
