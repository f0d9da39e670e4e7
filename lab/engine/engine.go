// Package engine runs a lab's Docker Engines, one for each image store.
package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"builders.test/internal/versions"
	"builders.test/lab/gobuild"
	"builders.test/lab/network"
	"builders.test/lab/packages"
	"builders.test/lab/problem"
	"builders.test/lab/process"
	"builders.test/lab/registry"
	"builders.test/lab/site"
	"github.com/docker/docker/client"
	"github.com/moby/sys/atomicwriter"
	"golang.org/x/sync/errgroup"
)

// kind is what distinguishes one engine from another.
type kind struct {
	// store is the image store, in the words of STORE and of `docker info`.
	store string
	// features and driver configure dockerd for that store.
	features map[string]bool
	driver   string
	// mark is the suffix of its files, which distinguishes them from other engines';
	// short is for names that must be short.
	mark, short string
	// world is where it runs; the zero value is this machine as it is.
	world World
}

// kinds are the kinds of a lab's engines; the first is the default.
var kinds = []kind{
	{store: "containerd", features: map[string]bool{"containerd-snapshotter": true}},
	{store: "overlay2", features: map[string]bool{"containerd-snapshotter": false}, driver: "overlay2", mark: "-overlay2", short: "-o"},
}

// Parts are the programs of engines and what else they need.
type Parts struct {
	Site     *site.Site
	Programs *gobuild.Builder
	Packages *packages.Packages
	Registry *registry.Registry
	Network  *network.Network
}

// Engine is one of a lab's Docker Engines. All of them run the same programs;
// each has an image store, data, sockets and its own bridge.
type Engine struct {
	kind
	Parts
	bridge network.Bridge
}

// Store returns the engine's image store.
func (e *Engine) Store() string { return e.store }

// Sockets and what ends with an engine are in the run folder; everything else is
// in the cache.

func (e *Engine) socket() string   { return filepath.Join(e.Site.Run, "docker"+e.mark+".sock") }
func (e *Engine) pidfile() string  { return filepath.Join(e.Site.Run, "docker"+e.mark+".pid") }
func (e *Engine) execRoot() string { return filepath.Join(e.Site.Run, "exec"+e.mark) }
func (e *Engine) config() string   { return e.Site.Path("daemon" + e.mark + ".json") }

// Data returns the folder with the engine's images, containers and volumes.
func (e *Engine) Data() string { return e.Site.Path("engine" + e.mark) }

// Host returns the endpoint of the engine, for DOCKER_HOST.
func (e *Engine) Host() string { return "unix://" + e.socket() }

// connect returns a client of the engine.
func (e *Engine) connect() (*client.Client, error) {
	return client.NewClientWithOpts(client.WithHost(e.Host()), client.WithAPIVersionNegotiation())
}

// Ping returns an error if the engine does not answer.
func (e *Engine) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := e.connect()
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Ping(ctx)
	return err
}

// Running returns the process of dockerd, if it runs.
func (e *Engine) Running() (process.Identity, bool) {
	id, _, ok := e.daemon().Running()
	return id, ok
}

// Current reports whether the engine answers and is what this program would
// start.
func (e *Engine) Current(ctx context.Context) bool {
	d := e.daemon()
	_, key, ok := d.Running()
	return ok && key == d.Key && e.Ping(ctx) == nil
}

// dockerd is the program that the engine runs.
func (e *Engine) dockerd() gobuild.Program {
	if e.world.Dockerd.Name == "" {
		return gobuild.Dockerd()
	}
	return e.world.Dockerd
}

// programs returns the programs that the engine is started with.
func (e *Engine) programs() []gobuild.Program {
	return []gobuild.Program{e.dockerd(), gobuild.Containerd(), gobuild.Runc(versions.Runc)}
}

func (e *Engine) folder(p gobuild.Program) string { return e.Programs.Folder(p) }

func (e *Engine) daemon() process.Daemon {
	dockerd, containerd, runc := e.folder(e.dockerd()), e.folder(gobuild.Containerd()), e.folder(gobuild.Runc(versions.Runc))
	s, _ := e.Site.Settings() // without settings nothing runs
	path := strings.Join([]string{containerd, runc, dockerd, e.Packages.IgzipFolder(), os.Getenv("PATH"), "/usr/sbin", "/sbin"}, ":")
	return process.Daemon{
		Args: append(slices.Clone(e.world.Inside), filepath.Join(dockerd, "dockerd"), "--config-file", e.config()),
		// buildx before 0.13 speaks older versions of the API than dockerd 29 admits by
		// default.
		Env:    slices.Concat(process.PlainEnv(), []string{"PATH=" + path, "DOCKER_MIN_API_VERSION=1.24", "GOGC=400"}, e.world.Env),
		Log:    e.Site.Log("dockerd-daemon" + e.mark),
		Record: filepath.Join(e.Site.Run, "dockerd"+e.mark+".json"),
		// The key changes with everything that a running engine cannot adopt.
		Key: fmt.Sprintf("%s %s %s %s %s port %d net %d%s",
			dockerd, containerd, runc, e.Packages.InitPath(), e.Packages.IgzipFolder(), s.Port, s.Nets[e.bridge.Store], e.mark),
	}
}

// Start makes sure that the engine runs, with everything it needs.
func (e *Engine) Start(ctx context.Context) error {
	if e.Current(ctx) {
		if err := e.Registry.Start(); err != nil {
			return err
		}
		// The registry may have had to move to another port.
		if e.Current(ctx) {
			return nil
		}
	}
	if err := e.provide(); err != nil {
		return err
	}
	return e.Site.Alone(ctx, "engine "+e.bridge.Store, func() error { return e.restart(ctx) })
}

// restart stops an engine that has other versions or no longer answers, and starts
// it, unless another process has done so.
func (e *Engine) restart(ctx context.Context) error {
	if e.Current(ctx) {
		return nil
	}
	if err := e.Stop(ctx); err != nil {
		return err
	}
	number, err := e.world.connect(ctx, e)
	if err != nil {
		return err
	}
	if err := e.configure(number); err != nil {
		return err
	}
	if err := e.volumesInMemory(); err != nil {
		return fmt.Errorf("mount a tmpfs for volumes: %w", err)
	}
	return e.Site.Timed(fmt.Sprintf("dockerd %s (%s)", e.version(), e.store), "starting", "started", func() error {
		return e.aboutStore(e.daemon().Start(ctx, process.StartLimit, e.Ping))
	})
}

// provide makes sure that everything is there that engines are started with.
func (e *Engine) provide() error {
	var group errgroup.Group
	group.Go(e.Registry.Start)
	group.Go(e.Packages.Init)
	group.Go(e.Packages.Igzip)
	for _, p := range e.programs() {
		group.Go(func() error {
			_, err := e.Programs.Compile(p)
			return err
		})
	}
	return group.Wait()
}

// aboutStore explains why an engine does not start if the disk does not suit its
// image store.
func (e *Engine) aboutStore(err error) error {
	if err == nil || e.driver == "" || !strings.Contains(err.Error(), "error initializing graphdriver") {
		return err
	}
	_, said, _ := strings.Cut(err.Error(), "error initializing graphdriver: ")
	return problem.New("starting the engine with the image store "+e.store+" in "+e.Data(),
		"dockerd cannot use it there: "+said, "set XDG_CACHE_HOME to a folder on ext4 or xfs")
}

// daemonConfig is dockerd's configuration file. It replaces the host's
// /etc/docker/daemon.json, which belongs to another engine.
type daemonConfig struct {
	DataRoot     string          `json:"data-root"`
	ExecRoot     string          `json:"exec-root"`
	Pidfile      string          `json:"pidfile"`
	Hosts        []string        `json:"hosts"`
	Bridge       string          `json:"bridge"`
	IPTables     bool            `json:"iptables"`
	IP6Tables    bool            `json:"ip6tables"`
	IPForward    bool            `json:"ip-forward"`
	IPMasq       bool            `json:"ip-masq"`
	Mirrors      []string        `json:"registry-mirrors,omitempty"`
	Features     map[string]bool `json:"features"`
	Driver       string          `json:"storage-driver,omitempty"`
	AddressPools []addressPool   `json:"default-address-pools"`
	InitPath     string          `json:"init-path"`
	ProxyPath    string          `json:"userland-proxy-path"`
	LogLevel     string          `json:"log-level"`
}

type addressPool struct {
	Base string `json:"base"`
	Size int    `json:"size"`
}

// configure writes the configuration of an engine whose net has this number.
func (e *Engine) configure(number int) error {
	mirror, err := e.Registry.Mirror()
	if err != nil {
		return err
	}
	data, err := e.world.configured(daemonConfig{
		DataRoot: e.Data(),
		ExecRoot: e.execRoot(),
		Pidfile:  e.pidfile(),
		Hosts:    []string{e.Host()},
		Bridge:   e.Network.Name(e.bridge),
		Mirrors:  []string{"http://" + mirror},
		Features: e.features,
		Driver:   e.driver,
		AddressPools: []addressPool{
			{Base: network.Subnet(number).String(), Size: 24},
		},
		InitPath:  e.Packages.InitPath(),
		ProxyPath: filepath.Join(e.folder(gobuild.Dockerd()), "docker-proxy"),
		LogLevel:  "warn",
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(e.Data(), 0o710); err != nil {
		return err
	}
	return atomicwriter.WriteFile(e.config(), data, 0o644)
}
