// Package endpoint finds where the docker command connects to: what DOCKER_HOST or
// the current docker context says.
package endpoint

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// patience bounds how long the docker command may take to look at its contexts.
const patience = 10 * time.Second

// ErrNoCommand means that there is no docker command on PATH.
var ErrNoCommand = errors.New("no docker command on PATH")

// Endpoint is where an engine is reached.
type Endpoint struct {
	// Docker is the path of the docker command.
	Docker string
	// Host is the address, for example unix:///var/run/docker.sock.
	Host string
	// ChosenBy says what leads there, such as DOCKER_HOST; empty if it is just the
	// docker command's default.
	ChosenBy string
}

// Discover finds the endpoint without connecting to it. It returns an error if
// only the docker command can use the endpoint.
func Discover(ctx context.Context) (Endpoint, error) {
	docker, err := exec.LookPath("docker")
	if err != nil {
		return Endpoint{}, ErrNoCommand
	}
	found := Endpoint{Docker: docker, Host: os.Getenv("DOCKER_HOST"), ChosenBy: "DOCKER_HOST"}
	if found.Host == "" {
		if found.Host, found.ChosenBy, err = current(ctx, docker); err != nil {
			return Endpoint{}, err
		}
	}
	if os.Getenv("DOCKER_TLS_VERIFY") != "" && strings.HasPrefix(found.Host, "tcp://") {
		return Endpoint{}, fmt.Errorf("engine at %s: buildx creates no builders with DOCKER_TLS_VERIFY; forward the engine's socket (ssh -L) and set DOCKER_HOST to it", found.Host)
	}
	if strings.HasPrefix(found.Host, "ssh://") {
		return Endpoint{}, fmt.Errorf("engine at %s: ssh is not supported; forward the socket (ssh -L) and set DOCKER_HOST to it", found.Host)
	}
	return found, nil
}

// current returns the endpoint of the current docker context.
func current(ctx context.Context, docker string) (host, chosenBy string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	command := exec.CommandContext(ctx, docker, "context", "inspect", "--format", "{{.Name}} {{len .TLSMaterial}} {{.Endpoints.docker.Host}}")
	// A helper that outlives the command may hold its output open.
	command.WaitDelay = time.Second
	out, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && len(exit.Stderr) > 0 {
		err = errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return "", "", fmt.Errorf("find the current docker context: %w; see `docker context ls`, or set DOCKER_HOST", err)
	}
	name, rest, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	certificates, host, _ := strings.Cut(rest, " ")
	switch {
	case certificates != "0":
		return "", "", fmt.Errorf("docker context %q uses TLS, which is not supported; forward the engine's socket (ssh -L) and set DOCKER_HOST to it", name)
	case name == "default":
		return host, "", nil
	}
	return host, fmt.Sprintf("the docker context %q", name), nil
}
