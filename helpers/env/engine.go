package env

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/endpoint"
	"builders.test/helpers/subject"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
)

// ProbeTimeout bounds the questions that decide whether the environment is
// still there.
const ProbeTimeout = 30 * time.Second

// Engine is what is known about the Docker Engine.
type Engine struct {
	// Host is the endpoint for the run's commands, for example unix:///var/run/docker.sock.
	Host string
	// Via is the user's own endpoint if Host is a tunnel to it, for example ssh://far.
	Via string
	// Version is the engine's release.
	Version string
	// Store is its image store: containerd or overlay2.
	Store string
	// OS, Arch and Kernel are those of the engine's host, in Go's names.
	OS, Arch, Kernel string
	// Root is the engine's data folder, as seen from its own host.
	Root string
}

// Machine returns the hardware name that uname prints for the engine's
// architecture, for example x86_64.
func (g Engine) Machine() string { return Machine(g.Arch) }

// machines maps Go's architecture names to those of uname.
var machines = map[string]string{"amd64": "x86_64", "arm64": "aarch64", "386": "i686"}

// Machine returns the name that uname prints for an architecture such as arm64.
func Machine(arch string) string {
	if name, ok := machines[arch]; ok {
		return name
	}
	return arch
}

func archOf(machine string) string {
	for arch, name := range machines {
		if name == machine {
			return arch
		}
	}
	return machine
}

func (e *Environment) openEngine(ctx context.Context) error {
	found, err := endpoint.Discover(ctx)
	if errors.Is(err, endpoint.ErrNoCommand) {
		return fmt.Errorf("%w; %s", err, anyOf("install the Docker CLI", e.settings.advice.Engine))
	}
	if err != nil {
		return err
	}
	e.Docker = found.Docker
	host := found.Host
	if !found.Direct() {
		if e.tunnel, err = endpoint.OpenTunnel(endpoint.FolderOf(e.Run), found); err != nil {
			return err
		}
		host = e.tunnel.Host
	}
	if err := steerTestcontainers(host); err != nil {
		return err
	}
	if host != found.Host {
		// They lead to the endpoint that the tunnel leads to.
		for _, name := range []string{"DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_TLS"} {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	if err := e.connect(ctx, host); err != nil {
		return err
	}
	if host != found.Host {
		e.Engine.Via = found.Host
	}
	return nil
}

func (e *Environment) howToGetAnEngine() string {
	return anyOf("start Docker", "point DOCKER_HOST at an engine", e.settings.advice.Engine)
}

// Dial returns a client of the engine at an endpoint; if the endpoint is empty, of
// the engine that the process's variables name.
func Dial(host string) (*client.Client, error) {
	options := []client.Opt{client.FromEnv, client.WithAPIVersionNegotiation()}
	if host != "" {
		options = append(options, client.WithHost(host))
	}
	engine, err := client.NewClientWithOpts(options...)
	if err != nil {
		return nil, fmt.Errorf("engine at %s: %w", host, err)
	}
	return engine, nil
}

// connect reaches the engine and asks what it is. It uses the certificates that
// the docker command would use.
func (e *Environment) connect(ctx context.Context, host string) (err error) {
	if e.Client, err = Dial(host); err != nil {
		return fmt.Errorf("%w; %s", err, e.howToGetAnEngine())
	}
	ctx, cancel := context.WithTimeout(ctx, ProbeTimeout)
	defer cancel()
	info, err := e.Client.Info(ctx)
	if err != nil {
		return fmt.Errorf("no Docker Engine answers at %s; %s", host, e.howToGetAnEngine())
	}
	e.Engine = Engine{
		Host: host, Version: info.ServerVersion, Store: store(info.DriverStatus, info.Driver),
		OS: info.OSType, Arch: archOf(info.Architecture), Kernel: info.KernelVersion, Root: info.DockerRootDir,
	}
	return nil
}

// steerTestcontainers makes testcontainers use the engine that the docker command
// uses, whatever the configuration folder says, and turns off its reaper, which
// is one more image to pull and cannot see buildx's containers. The janitor does
// its work.
func steerTestcontainers(host string) error {
	return errors.Join(
		os.Setenv("DOCKER_HOST", host),
		os.Setenv("TESTCONTAINERS_RYUK_DISABLED", "true"),
	)
}

func store(status [][2]string, driver string) string {
	snapshotter := [2]string{"driver-type", "io.containerd.snapshotter.v1"}
	if slices.Contains(status, snapshotter) {
		return subject.StoreContainerd
	}
	return driver
}

// writeDockerConfig makes the run's own configuration folder. Credentials are
// carried over, so that pulls count as the user's; nothing else is.
func (e *Environment) writeDockerConfig() error {
	kept := map[string]json.RawMessage{}
	content, err := os.ReadFile(filepath.Join(UserDockerConfig(), "config.json"))
	if err == nil {
		all := map[string]json.RawMessage{}
		if err := json.Unmarshal(content, &all); err != nil {
			return fmt.Errorf("read the docker configuration: %w", err)
		}
		for _, key := range []string{"auths", "credsStore", "credHelpers", "proxies"} {
			if value, ok := all[key]; ok {
				kept[key] = value
			}
		}
	}
	encoded, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("write the run's docker configuration: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(e.DockerConfig(), "cli-plugins"), 0o700); err != nil {
		return fmt.Errorf("create the run's docker configuration: %w", err)
	}
	return os.WriteFile(filepath.Join(e.DockerConfig(), "config.json"), encoded, 0o600)
}

// DockerConfig returns the run's own DOCKER_CONFIG.
func (e *Environment) DockerConfig() string { return filepath.Join(e.Dir, "docker-config") }

// UserDockerConfig returns the folder of the user's own docker configuration,
// which runs read and never write.
func UserDockerConfig() string {
	if dir := os.Getenv("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".docker")
}

// Probe asks whether the environment is still fit to judge BuildKit: the
// engine answers and runs what the run relies on, the mirror serves images, the disks have room.
func (e *Environment) Probe(ctx context.Context) error {
	if _, err := e.Client.Ping(ctx); err != nil {
		return fmt.Errorf("the engine at %s no longer answers: %w", e.Engine.Place(), err)
	}
	if err := e.probeMirror(ctx); err != nil {
		return err
	}
	if err := errors.Join(e.room(), e.engineRoom(ctx)); err != nil {
		return err
	}
	if err := e.runsBuilders(ctx); err != nil {
		return err
	}
	return e.stillExecutes(ctx)
}

// Start identifies one start of the engine, which recreates its default bridge
// each time. It is empty if that is unknown.
func (e *Environment) Start(ctx context.Context) string {
	bridge, err := e.Client.NetworkInspect(ctx, "bridge", network.InspectOptions{})
	if err != nil {
		return ""
	}
	return bridge.ID
}

// Place is where the user knows the engine to be.
func (g Engine) Place() string {
	if g.Via != "" {
		return g.Via
	}
	return g.Host
}

// Local returns an error if the engine is not on this machine.
func (g Engine) Local() error {
	if g.Via != "" || !strings.HasPrefix(g.Host, "unix://") {
		return fmt.Errorf("the engine is reached at %s", g.Place())
	}
	// Only the engine's own machine has the process. Who else listens may be on the way
	// to another one, such as ssh, or hand connections on, such as the init system.
	switch listener := listenerOn(strings.TrimPrefix(g.Host, "unix://")); listener {
	case "dockerd":
		return nil
	case "ssh":
		return fmt.Errorf("the engine is reached through %s, which listens on %s", listener, g.Host)
	}
	if _, err := os.Stat(g.Root); err != nil {
		return fmt.Errorf("the engine's data folder %s is not on this machine", g.Root)
	}
	return nil
}

// listenerOn returns the name of the program that listens on a socket; empty if that is
// unknown.
func listenerOn(socket string) string {
	pid, err := endpoint.Listener(socket)
	if err != nil {
		return ""
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}
