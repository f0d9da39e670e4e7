package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"builders.test/internal/versions"
	"builders.test/lab/process"
	"github.com/docker/docker/client"
	"github.com/moby/sys/atomicwriter"
	"golang.org/x/sync/errgroup"
)

// engine is one of the lab's Docker Engines. All of them run the same programs;
// each has an image store, data, sockets and a bridge of its own.
type engine struct {
	// store is the image store, in the words of STORE and of `docker info`.
	store string
	// features and driver are how dockerd is told to have that store.
	features map[string]bool
	driver   string
	// mark ends the names of its files and tells them from other engines';
	// short does so where few letters are allowed.
	mark, short string
}

// engines are all of a lab's engines; the first is the default one.
var engines = []engine{
	{store: "containerd", features: map[string]bool{"containerd-snapshotter": true}},
	{store: "overlay2", features: map[string]bool{"containerd-snapshotter": false}, driver: "overlay2", mark: "-overlay2", short: "-o"},
}

// engineWith is the engine that has an image store; nothing asks for the
// default one.
func engineWith(store string) (engine, error) {
	var known []string
	for _, e := range engines {
		if e.store == store || store == "" {
			return e, nil
		}
		known = append(known, e.store)
	}
	return engine{}, problem(fmt.Sprintf("looking for the engine with the image store %q", store), "the lab has no such engine",
		"its stores are "+strings.Join(known, ", "))
}

// Where an engine's files lie. Sockets and what dies with the engine are in the
// run folder, everything else in the cache.
func (l *Lab) socket(e engine) string   { return filepath.Join(l.run, "docker"+e.mark+".sock") }
func (l *Lab) pidfile(e engine) string  { return filepath.Join(l.run, "docker"+e.mark+".pid") }
func (l *Lab) execRoot(e engine) string { return filepath.Join(l.run, "exec"+e.mark) }
func (l *Lab) dataRoot(e engine) string { return l.path("engine" + e.mark) }
func (l *Lab) config(e engine) string   { return l.path("daemon" + e.mark + ".json") }

// host is the endpoint of an engine, for DOCKER_HOST.
func (l *Lab) host(e engine) string { return "unix://" + l.socket(e) }

// ping tells whether an engine answers at an endpoint.
func ping(ctx context.Context, host string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := client.NewClientWithOpts(client.WithHost(host), client.WithAPIVersionNegotiation())
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Ping(ctx)
	return err
}

// daemonConfig is dockerd's configuration file. It replaces the host's
// /etc/docker/daemon.json, which is another engine's.
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
	Mirrors      []string        `json:"registry-mirrors"`
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

// engineParts are the programs that dockerd needs, as folders and files.
type engineParts struct {
	dockerd, containerd, runc, init string
}

// key changes with everything that a running engine cannot take over.
func (p engineParts) key(e engine, s settings) string {
	return fmt.Sprintf("%s %s %s %s port %d net %d%s", p.dockerd, p.containerd, p.runc, p.init, s.Port, s.Nets[e.store], e.mark)
}

func (l *Lab) engineParts() engineParts {
	return engineParts{
		dockerd:    l.folder(dockerd()),
		containerd: l.folder(containerd()),
		runc:       l.folder(runc(versions.Runc)),
		init:       l.path("packages", "tini", "usr/bin/tini-static"),
	}
}

func (l *Lab) engineDaemon(e engine) process.Daemon {
	parts := l.engineParts()
	s, _ := l.settings() // without settings nothing runs
	path := strings.Join([]string{parts.containerd, parts.runc, parts.dockerd, os.Getenv("PATH"), "/usr/sbin", "/sbin"}, ":")
	return process.Daemon{
		Args: []string{filepath.Join(parts.dockerd, "dockerd"), "--config-file", l.config(e)},
		// buildx before 0.13 speaks older versions of the API than
		// dockerd 29 admits by itself.
		Env:    append(plainEnv(), "PATH="+path, "DOCKER_MIN_API_VERSION=1.24"),
		Log:    l.log("dockerd-daemon" + e.mark),
		Record: filepath.Join(l.run, "dockerd"+e.mark+".json"),
		Key:    parts.key(e, s),
	}
}

// startEngine makes sure that an engine runs, with all it needs.
func (l *Lab) startEngine(ctx context.Context, e engine) error {
	if l.isCurrent(ctx, e) {
		if err := l.startRegistry(); err != nil {
			return err
		}
		// The registry may have had to move to another port.
		if l.isCurrent(ctx, e) {
			return nil
		}
	}
	if err := l.provideEngine(); err != nil {
		return err
	}
	// An engine of other versions, or one that no longer answers.
	if err := l.stopEngine(ctx, e); err != nil {
		return err
	}
	number, err := l.connect(e)
	if err != nil {
		return err
	}
	if err := l.configureEngine(e, number); err != nil {
		return err
	}
	return l.progress.work(fmt.Sprintf("dockerd %s (%s)", versions.Engine, e.store), "starting", "started", func() error {
		err := l.engineDaemon(e).Start(ctx, startLimit, func(ctx context.Context) error { return ping(ctx, l.host(e)) })
		return l.aboutStore(e, err)
	})
}

// provideEngine makes sure that all is there that engines are started with.
func (l *Lab) provideEngine() error {
	var group errgroup.Group
	group.Go(l.startRegistry)
	for _, p := range []program{dockerd(), containerd(), runc(versions.Runc)} {
		group.Go(func() error {
			_, err := l.compile(p)
			return err
		})
	}
	group.Go(func() error {
		_, err := l.initProgram()
		return err
	})
	return group.Wait()
}

// aboutStore explains an engine that does not start because the disk is not
// fit for its image store.
func (l *Lab) aboutStore(e engine, err error) error {
	if err == nil || e.driver == "" || !strings.Contains(err.Error(), "error initializing graphdriver") {
		return err
	}
	_, said, _ := strings.Cut(err.Error(), "error initializing graphdriver: ")
	return problem("starting the engine with the image store "+e.store+" in "+l.dataRoot(e),
		"dockerd cannot use it there: "+said, "set XDG_CACHE_HOME to a folder on ext4 or xfs")
}

func (l *Lab) isCurrent(ctx context.Context, e engine) bool {
	d := l.engineDaemon(e)
	_, key, ok := d.Running()
	return ok && key == d.Key && ping(ctx, l.host(e)) == nil
}

func (l *Lab) configureEngine(e engine, number int) error {
	mirror, err := l.mirror()
	if err != nil {
		return err
	}
	parts := l.engineParts()
	data, err := json.MarshalIndent(daemonConfig{
		DataRoot: l.dataRoot(e),
		ExecRoot: l.execRoot(e),
		Pidfile:  l.pidfile(e),
		Hosts:    []string{l.host(e)},
		Bridge:   l.bridge(e),
		Mirrors:  []string{"http://" + mirror},
		Features: e.features,
		Driver:   e.driver,
		AddressPools: []addressPool{
			{Base: subnet(number).String(), Size: 24},
		},
		InitPath:  parts.init,
		ProxyPath: filepath.Join(parts.dockerd, "docker-proxy"),
		LogLevel:  "warn",
	}, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(l.dataRoot(e), 0o710); err != nil {
		return err
	}
	return atomicwriter.WriteFile(l.config(e), data, 0o644)
}
