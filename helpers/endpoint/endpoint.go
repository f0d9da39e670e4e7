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

const sshScheme = "ssh://"

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
	// Context is the docker context that leads there; empty if DOCKER_HOST does.
	Context string

	// environ are the variables with which the docker command connects to it, if only
	// that can.
	environ []string
}

// Direct reports whether any client can connect to the host. To others a [Tunnel] leads.
func (e Endpoint) Direct() bool { return len(e.environ) == 0 }

// Discover finds the endpoint without connecting to it.
func Discover(ctx context.Context) (Endpoint, error) {
	docker, err := exec.LookPath("docker")
	if err != nil {
		return Endpoint{}, ErrNoCommand
	}
	found := Endpoint{Docker: docker, Host: os.Getenv("DOCKER_HOST"), ChosenBy: "DOCKER_HOST"}
	if found.Host == "" {
		if found, err = current(ctx, docker); err != nil {
			return Endpoint{}, err
		}
	}
	withTLS := os.Getenv("DOCKER_TLS_VERIFY") != "" || os.Getenv("DOCKER_TLS") != ""
	secured := withTLS && strings.HasPrefix(found.Host, "tcp://")
	if found.Direct() && (secured || strings.HasPrefix(found.Host, sshScheme)) {
		found.environ = leading()
	}
	return found, nil
}

// leads reports whether a variable says which engine the docker command connects to.
func leads(name string) bool {
	switch name {
	case "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_TLS":
		return true
	}
	return false
}

// leading returns those variables as they are now: runs change them for their commands.
func leading() []string {
	set := []string{"DOCKER_CLI_HINTS=false"}
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); leads(name) {
			set = append(set, kv)
		}
	}
	return set
}

// current returns the endpoint of the current docker context.
func current(ctx context.Context, docker string) (Endpoint, error) {
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
		return Endpoint{}, fmt.Errorf("find the current docker context: %w; see `docker context ls`, or set DOCKER_HOST", err)
	}
	name, rest, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	certificates, host, _ := strings.Cut(rest, " ")
	found := Endpoint{Docker: docker, Host: host, Context: name}
	if name != "default" {
		found.ChosenBy = fmt.Sprintf("the docker context %q", name)
	}
	if certificates != "0" || strings.HasPrefix(host, sshScheme) {
		found.environ = append(leading(), "DOCKER_CONTEXT="+name)
	}
	return found, nil
}
