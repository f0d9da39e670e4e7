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

	"builders.test/internal/lab/process"
)

// startLimit is how long a daemon may take to answer.
const startLimit = 60 * time.Second

// registryDaemon is the registry as a daemon. It stands as Docker Hub's
// mirror.
func (l *Lab) registryDaemon() process.Daemon {
	binary := filepath.Join(l.folder(registry()), "registry")
	return process.Daemon{
		Args:   []string{binary, "serve", l.path("registry.yml")},
		Env:    append(plainEnv(), "OTEL_TRACES_EXPORTER=none"),
		Log:    l.log("registry-daemon"),
		Record: filepath.Join(l.run, "registry.json"),
		Key:    binary,
	}
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
		d := l.registryDaemon()
		if _, key, ok := d.Running(); ok && key == d.Key {
			mirror, err := l.mirror()
			if err == nil && answers(ctx, mirror) == nil {
				return nil
			}
		}
		if err := d.Stop(10 * time.Second); err != nil {
			return err
		}
		port, err := l.port()
		if err != nil {
			return err
		}
		if err := l.configureRegistry(port); err != nil {
			return err
		}
		mirror := "127.0.0.1:" + strconv.Itoa(port)
		err = d.Start(ctx, startLimit, func(ctx context.Context) error { return answers(ctx, mirror) })
		if err == nil {
			l.progress.say("registry "+RegistryVersion, "serves "+mirror)
		}
		return err
	})
}

// answers tells whether a registry answers at host:port.
func answers(ctx context.Context, mirror string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+mirror+"/v2/", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
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
	return 0, environment("starting the lab's registry", fmt.Sprintf("the ports %d to %d on 127.0.0.1 are taken", first, first+99), "free one of them")
}

// isFree tells whether a port on 127.0.0.1 is free, or becomes so in time.
func isFree(port int, patience time.Duration) bool {
	return process.Await(patience, func() bool {
		listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		return err == nil && listener.Close() == nil
	})
}

func (l *Lab) configureRegistry(port int) error {
	if err := os.MkdirAll(l.path("registry"), 0o755); err != nil {
		return err
	}
	return replace(l.path("registry.yml"), fmt.Appendf(nil, `version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: %q
  delete:
    enabled: true
http:
  addr: 127.0.0.1:%d
`, l.path("registry"), port))
}
