package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"builders.test/helpers/front"
	"builders.test/internal/versions"
	"builders.test/lab/process"
	"github.com/moby/sys/atomicwriter"
)

// startLimit is how long a daemon may take to answer.
const startLimit = 60 * time.Second

// The registry is two servers of the same images. One stands as Docker Hub's
// mirror: whoever is on this machine may read from it, and nobody may write. The
// other takes images, on a socket in a folder that is the user's alone.
type registryServer struct {
	name string
	// config goes on where registryConfig ends.
	config string
}

const registryConfig = `version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: %q
`

var (
	mirrorServer = registryServer{name: "registry", config: `  maintenance:
    uploadpurging:
      enabled: false
    readonly:
      enabled: true
http:
  addr: %s
`}
	intakeServer = registryServer{name: "registry-intake", config: `  delete:
    enabled: true
http:
  net: unix
  addr: %s
`}
	registryServers = []registryServer{mirrorServer, intakeServer}
)

// intake is the socket of the server that takes images.
func (l *Lab) intake() string { return filepath.Join(l.run, "registry.sock") }

func (l *Lab) registryDaemon(s registryServer) process.Daemon {
	binary := filepath.Join(l.folder(registry()), "registry")
	return process.Daemon{
		Args:   []string{binary, "serve", l.path(s.name + ".yml")},
		Env:    append(plainEnv(), "OTEL_TRACES_EXPORTER=none"),
		Log:    l.log(s.name + "-daemon"),
		Record: filepath.Join(l.run, s.name+".json"),
		Key:    binary + " " + s.config,
	}
}

// awaited is how a server is asked whether it answers.
func (l *Lab) awaited(s registryServer, mirror string) func(context.Context) error {
	if s == intakeServer {
		return func(ctx context.Context) error { return answers(ctx, front.Through("unix", l.intake()), mirror) }
	}
	return func(ctx context.Context) error { return answers(ctx, http.DefaultTransport, mirror) }
}

// registryAnswers tells whether both servers do.
func (l *Lab) registryAnswers(ctx context.Context) bool {
	mirror, err := l.mirror()
	if err != nil {
		return false
	}
	for _, s := range registryServers {
		d := l.registryDaemon(s)
		if _, key, ok := d.Running(); !ok || key != d.Key || l.awaited(s, mirror)(ctx) != nil {
			return false
		}
	}
	return true
}

// stopRegistry ends both servers.
func (l *Lab) stopRegistry() error {
	var errs []error
	for _, s := range registryServers {
		errs = append(errs, l.registryDaemon(s).Stop(10*time.Second))
	}
	return errors.Join(errs...)
}

// plainEnv is the caller's environment without what would steer the daemons.
func plainEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "REGISTRY_") || strings.HasPrefix(v, "DOCKER_") || strings.HasPrefix(v, "OTEL_")
	})
}

// startRegistry makes sure that the registry runs.
func (l *Lab) startRegistry() error {
	return l.work.do("registry daemon", func(ctx context.Context) error {
		if _, err := l.compile(registry()); err != nil {
			return err
		}
		if l.registryAnswers(ctx) {
			return nil
		}
		if err := l.stopRegistry(); err != nil {
			return err
		}
		port, err := l.port()
		if err != nil {
			return err
		}
		mirror := "127.0.0.1:" + strconv.Itoa(port)
		if err := l.configureRegistry(mirror); err != nil {
			return err
		}
		for _, s := range registryServers {
			if err := l.registryDaemon(s).Start(ctx, startLimit, l.awaited(s, mirror)); err != nil {
				return err
			}
		}
		l.progress.say("registry "+versions.Registry, "serves "+mirror)
		return nil
	})
}

// answers tells whether a registry answers at host:port.
func answers(ctx context.Context, through http.RoundTripper, mirror string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+mirror+"/v2/", nil)
	if err != nil {
		return err
	}
	response, err := through.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", mirror, response.Status)
	}
	return nil
}

// port is the registry's port: the one it had before, unless somebody took it
// meanwhile.
func (l *Lab) port() (int, error) {
	s, err := l.settings()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	first := s.Port
	if first == 0 {
		number, err := strconv.ParseUint(l.id, 16, 32)
		if err != nil {
			return 0, err
		}
		// Below the range that the kernel hands out to clients.
		first = 20000 + int(number%10000)
	}
	for port := first; port < first+100; port++ {
		patience := time.Duration(0)
		if port == s.Port {
			// A registry that was killed may still be on its way out, and
			// builders know its address.
			patience = 3 * time.Second
		}
		if !isFree(port, patience) {
			continue
		}
		return port, l.change(func(s *settings) { s.Port = port })
	}
	return 0, problem("starting the lab's registry", fmt.Sprintf("the ports %d to %d on 127.0.0.1 are taken", first, first+99), "free one of them")
}

// isFree tells whether a port on 127.0.0.1 is free, or becomes so in time.
func isFree(port int, patience time.Duration) bool {
	return process.Await(patience, func() bool {
		listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		return err == nil && listener.Close() == nil
	})
}

func (l *Lab) configureRegistry(mirror string) error {
	if err := os.MkdirAll(l.path("registry"), 0o755); err != nil {
		return err
	}
	// A server that was killed leaves its socket.
	if err := os.RemoveAll(l.intake()); err != nil {
		return err
	}
	for s, address := range map[registryServer]string{mirrorServer: mirror, intakeServer: l.intake()} {
		config := fmt.Appendf(nil, registryConfig+s.config, l.path("registry"), address)
		if err := atomicwriter.WriteFile(l.path(s.name+".yml"), config, 0o644); err != nil {
			return err
		}
	}
	return nil
}
