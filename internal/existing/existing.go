// Package existing finds the Docker Engine that is already there, the way the
// docker command would.
package existing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/endpoint"
	"builders.test/internal/text/sanitize"
)

// patience bounds how long an engine may take to answer.
const patience = 10 * time.Second

// Engine is an engine that answers.
type Engine struct {
	// Host is its endpoint, for example unix:///var/run/docker.sock.
	Host string
	// Version is its release.
	Version string
}

// ErrNone means that no engine was requested and none answers.
var ErrNone = errors.New("no engine")

// Find returns the engine that DOCKER_HOST or the current docker context leads
// to. If one was chosen by name and does not answer, the error says so; if
// nothing was chosen and nothing answers, the error is [ErrNone].
func Find(ctx context.Context) (Engine, error) {
	found, err := endpoint.Discover(ctx)
	switch host := os.Getenv("DOCKER_HOST"); {
	case errors.Is(err, endpoint.ErrNoCommand) && host == "":
		return Engine{}, ErrNone
	case errors.Is(err, endpoint.ErrNoCommand):
		return Engine{}, fmt.Errorf("DOCKER_HOST is %s, but there is no docker command on PATH; install the Docker CLI, or unset DOCKER_HOST to use the lab", sanitize.Line(host))
	case err != nil:
		return Engine{}, errors.New(sanitize.Line(err.Error()))
	}
	host := sanitize.Line(found.Host)
	version, err := ask(ctx, found.Docker, "version", "--format", "{{.Server.Version}}")
	if err == nil && version != "" {
		return Engine{Host: host, Version: version}, nil
	}
	if ctx.Err() != nil {
		return Engine{}, ctx.Err()
	}
	if found.ChosenBy == "" {
		return Engine{}, ErrNone
	}
	if err == nil {
		err = errors.New("no answer")
	}
	return Engine{}, fmt.Errorf("no Docker Engine answers at %s, which %s selects: %w; start it, or unset it to use the lab", host, sanitize.Line(found.ChosenBy), err)
}

// StoreOf asks an engine for its image store: containerd, or the name of a
// storage driver such as overlay2.
func StoreOf(ctx context.Context, e Engine) (string, error) {
	docker, err := exec.LookPath("docker")
	if err != nil {
		return "", err
	}
	answer, err := ask(ctx, docker, "info", "--format", "{{.Driver}} {{json .DriverStatus}}")
	driver, status, _ := strings.Cut(answer, " ")
	if err == nil && driver == "" {
		err = errors.New("no answer")
	}
	if err != nil {
		return "", fmt.Errorf("ask the engine at %s for its image store: %w; see `docker info`", e.Host, err)
	}
	if strings.Contains(status, "io.containerd.snapshotter.v1") {
		return "containerd", nil
	}
	return driver, nil
}

// InsteadOf describes the engine that is used instead of those at some endpoints;
// empty if there is none.
func InsteadOf(ctx context.Context, hosts map[string]string) (string, error) {
	if slices.Contains(slices.Collect(maps.Values(hosts)), os.Getenv("DOCKER_HOST")) {
		return "", nil
	}
	found, err := Find(ctx)
	if errors.Is(err, ErrNone) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("docker %s at %s", found.Version, found.Host), nil
}

// ask runs a docker command that answers with one line.
func ask(ctx context.Context, docker string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	command := exec.CommandContext(ctx, docker, args...)
	// A helper that outlives the command may hold its output open.
	command.WaitDelay = time.Second
	out, err := command.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		return "", errors.New(sanitize.Line(string(exit.Stderr)))
	}
	return sanitize.Line(string(out)), err
}
