package testbed

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"builders.test/helpers/evidence"
)

// Access is how docker, buildx and specs reach a testbed that is not the engine
// of the user's own docker command.
type Access struct {
	// DockerHost is the endpoint of the engine, and DockerConfig the folder of the
	// docker command's configuration, which has the testbed's buildx.
	DockerHost, DockerConfig string
	// Path is PATH with the testbed's docker command first; empty if the machine has
	// its own.
	Path string
	// Testbed is what specs know about the testbed, and File the file that says it.
	Testbed Testbed
	File    string
}

// Variables returns the environment variables that pass all this on to processes.
func (a Access) Variables() map[string]string {
	all := map[string]string{"DOCKER_HOST": a.DockerHost, "DOCKER_CONFIG": a.DockerConfig, Variable: a.File}
	if a.Path != "" {
		all["PATH"] = a.Path
	}
	return all
}

// Exports returns the variables as a POSIX shell reads them, a line each.
func (a Access) Exports() string {
	var lines strings.Builder
	env := a.Variables()
	for _, name := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintln(&lines, "export", evidence.Line([]string{name + "=" + env[name]}, nil))
	}
	return lines.String()
}
