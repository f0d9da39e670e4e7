package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"builders.test/internal/lab/process"
	"github.com/docker/docker/client"
	"golang.org/x/sync/errgroup"
)

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
	DataRoot     string        `json:"data-root"`
	ExecRoot     string        `json:"exec-root"`
	Pidfile      string        `json:"pidfile"`
	Hosts        []string      `json:"hosts"`
	Bridge       string        `json:"bridge"`
	IPTables     bool          `json:"iptables"`
	IP6Tables    bool          `json:"ip6tables"`
	IPForward    bool          `json:"ip-forward"`
	IPMasq       bool          `json:"ip-masq"`
	Mirrors      []string      `json:"registry-mirrors"`
	AddressPools []addressPool `json:"default-address-pools"`
	InitPath     string        `json:"init-path"`
	ProxyPath    string        `json:"userland-proxy-path"`
	LogLevel     string        `json:"log-level"`
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
func (p engineParts) key(s settings) string {
	return fmt.Sprintf("%s %s %s %s port %d net %d", p.dockerd, p.containerd, p.runc, p.init, s.Port, s.Net)
}

func (l *Lab) engineParts() engineParts {
	return engineParts{
		dockerd:    l.folder(dockerd()),
		containerd: l.folder(containerd()),
		runc:       l.folder(runc(RuncVersion)),
		init:       l.path("packages", "tini", "usr/bin/tini-static"),
	}
}

func (l *Lab) engineDaemon() process.Daemon {
	parts := l.engineParts()
	s, _ := l.settings() // without settings nothing runs
	path := strings.Join([]string{parts.containerd, parts.runc, parts.dockerd, os.Getenv("PATH"), "/usr/sbin", "/sbin"}, ":")
	return process.Daemon{
		Args: []string{filepath.Join(parts.dockerd, "dockerd"), "--config-file", l.path("daemon.json")},
		// buildx before 0.13 speaks older versions of the API than
		// dockerd 29 admits by itself.
		Env:    append(plainEnv(), "PATH="+path, "DOCKER_MIN_API_VERSION=1.24"),
		Log:    l.log("dockerd-daemon"),
		Record: filepath.Join(l.run, "dockerd.json"),
		Key:    parts.key(s),
	}
}

// startEngine makes sure that dockerd runs, with all it needs.
func (l *Lab) startEngine(ctx context.Context) error {
	if l.engineIsCurrent(ctx) {
		if err := l.startRegistry(); err != nil {
			return err
		}
		// The registry may have had to move to another port.
		if l.engineIsCurrent(ctx) {
			return nil
		}
	}
	var group errgroup.Group
	group.Go(l.startRegistry)
	for _, p := range []program{dockerd(), containerd(), runc(RuncVersion)} {
		group.Go(func() error {
			_, err := l.compile(p)
			return err
		})
	}
	group.Go(func() error {
		_, err := l.initProgram()
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	// An engine of other versions, or one that no longer answers.
	if err := l.stopEngine(ctx); err != nil {
		return err
	}
	number, err := l.connect()
	if err != nil {
		return err
	}
	if err := l.configureEngine(number); err != nil {
		return err
	}
	return l.progress.work("dockerd "+EngineVersion, "starting", "started", func() error {
		return l.engineDaemon().Start(ctx, startLimit, func(ctx context.Context) error { return ping(ctx, l.Host()) })
	})
}

func (l *Lab) engineIsCurrent(ctx context.Context) bool {
	d := l.engineDaemon()
	_, key, ok := d.Running()
	return ok && key == d.Key && ping(ctx, l.Host()) == nil
}

func (l *Lab) configureEngine(number int) error {
	mirror, err := l.mirror()
	if err != nil {
		return err
	}
	parts := l.engineParts()
	data, err := json.MarshalIndent(daemonConfig{
		DataRoot: l.path("engine"),
		ExecRoot: filepath.Join(l.run, "exec"),
		Pidfile:  filepath.Join(l.run, "docker.pid"),
		Hosts:    []string{l.Host()},
		Bridge:   l.bridge(),
		Mirrors:  []string{"http://" + mirror},
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
	if err := os.MkdirAll(l.path("engine"), 0o710); err != nil {
		return err
	}
	return replace(l.path("daemon.json"), data)
}

// plugin makes sure that the docker command finds the pinned buildx.
func (l *Lab) plugin() error {
	binary, err := l.buildxBinary(BuildxVersion)
	if err != nil {
		return err
	}
	dir := l.path("docker-config", "cli-plugins")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if config := l.path("docker-config", "config.json"); !exists(config) {
		if err := replace(config, []byte("{}\n")); err != nil {
			return err
		}
	}
	return relink(binary, filepath.Join(dir, "docker-buildx"))
}

// buildxBinary compiles a buildx release and returns it under the name that
// the docker command wants its plugins to have.
func (l *Lab) buildxBinary(release string) (string, error) {
	dir, err := l.compile(buildx(release))
	if err != nil {
		return "", err
	}
	link := filepath.Join(dir, "docker-buildx")
	return link, relink("buildx", link)
}
