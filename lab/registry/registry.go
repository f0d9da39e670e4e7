// Package registry runs the lab's registry, which acts as Docker Hub's mirror.
package registry

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
	"time"

	"builders.test/helpers/proxy"
	"builders.test/internal/versions"
	"builders.test/lab/gobuild"
	"builders.test/lab/problem"
	"builders.test/lab/process"
	"builders.test/lab/site"
	"github.com/moby/sys/atomicwriter"
)

// Registry is the registry of a lab.
type Registry struct {
	site     *site.Site
	programs *gobuild.Builder
}

// New returns the registry of the lab at s.
func New(s *site.Site, programs *gobuild.Builder) *Registry {
	return &Registry{site: s, programs: programs}
}

// server is one of two with the same images. One acts as Docker Hub's mirror:
// everyone on this machine may read from it, and no one may write. The other
// accepts images, on a socket in a folder that is the user's alone.
type server struct {
	name string
	// config is appended to commonConfig.
	config string
}

const commonConfig = `version: 0.1
log:
  level: warn
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: %q
`

var (
	mirrorServer = server{name: "registry", config: `  maintenance:
    uploadpurging:
      enabled: false
    readonly:
      enabled: true
http:
  addr: %s
`}
	intakeServer = server{name: "registry-intake", config: `  delete:
    enabled: true
http:
  net: unix
  addr: %s
`}
	servers = []server{mirrorServer, intakeServer}
)

// Mirror returns the host:port that images are pulled from.
func (r *Registry) Mirror() (string, error) {
	s, err := r.site.Settings()
	if err == nil && s.Port == 0 {
		return "", problem.New("finding the lab's registry", "the lab was never started", "run `builders lab up`")
	}
	return mirrorAt(s.Port), err
}

func mirrorAt(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

// Intake returns the socket of the server that accepts images.
func (r *Registry) Intake() string { return filepath.Join(r.site.Run, "registry.sock") }

// Data returns the folder with the images.
func (r *Registry) Data() string { return r.site.Path("registry") }

func (r *Registry) config(s server) string { return r.site.Path(s.name + ".yml") }

func (r *Registry) daemon(s server) process.Daemon {
	binary := filepath.Join(r.programs.Folder(gobuild.Registry()), "registry")
	return process.Daemon{
		Args:   []string{binary, "serve", r.config(s)},
		Env:    append(process.PlainEnv(), "OTEL_TRACES_EXPORTER=none"),
		Log:    r.site.Log(s.name + "-daemon"),
		Record: filepath.Join(r.site.Run, s.name+".json"),
		Key:    binary + " " + s.config,
	}
}

// Running returns the process of the mirror, if it runs.
func (r *Registry) Running() (process.Identity, bool) {
	id, _, ok := r.daemon(mirrorServer).Running()
	return id, ok
}

// awaited returns how to ask a server whether it answers.
func (r *Registry) awaited(s server, mirror string) func(context.Context) error {
	through := http.DefaultTransport
	if s == intakeServer {
		through = proxy.Dial("unix", r.Intake())
	}
	return func(ctx context.Context) error { return answers(ctx, through, mirror) }
}

// Answers reports whether both servers answer.
func (r *Registry) Answers(ctx context.Context) bool {
	mirror, err := r.Mirror()
	return err == nil && !slices.ContainsFunc(servers, func(s server) bool {
		d := r.daemon(s)
		_, key, ok := d.Running()
		return !ok || key != d.Key || r.awaited(s, mirror)(ctx) != nil
	})
}

// Stop ends both servers.
func (r *Registry) Stop() error {
	var errs []error
	for _, s := range servers {
		errs = append(errs, r.daemon(s).Stop(10*time.Second))
	}
	return errors.Join(errs...)
}

// Start makes sure that the registry runs.
func (r *Registry) Start() error {
	return r.site.Do("registry daemon", func(ctx context.Context) error {
		if _, err := r.programs.Compile(gobuild.Registry()); err != nil {
			return err
		}
		return r.site.Alone(ctx, "registry", func() error { return r.start(ctx) })
	})
}

// start starts both servers unless they answer.
func (r *Registry) start(ctx context.Context) error {
	if r.Answers(ctx) {
		return nil
	}
	if err := r.Stop(); err != nil {
		return err
	}
	port, err := r.port()
	if err != nil {
		return err
	}
	if err := r.configure(mirrorAt(port)); err != nil {
		return err
	}
	for _, s := range servers {
		if err := r.daemon(s).Start(ctx, process.StartLimit, r.awaited(s, mirrorAt(port))); err != nil {
			return err
		}
	}
	r.site.Say("registry "+versions.Registry, "serves "+mirrorAt(port))
	return nil
}

// answers returns an error if no registry answers at host:port.
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

// port returns the registry's port: the one it had before, unless that was taken
// in the meantime.
func (r *Registry) port() (int, error) {
	s, err := r.site.Settings()
	if err != nil {
		return 0, err
	}
	first := s.Port
	if first == 0 {
		number, err := strconv.ParseUint(r.site.ID, 16, 32)
		if err != nil {
			return 0, err
		}
		// Stay below the range that the kernel hands out to clients.
		first = 20000 + int(number%10000)
	}
	for port := first; port < first+100; port++ {
		patience := time.Duration(0)
		if port == s.Port {
			// A killed registry may still be shutting down, and builders know its address.
			patience = 3 * time.Second
		}
		if !isFree(port, patience) {
			continue
		}
		return port, r.site.Change(func(s *site.Settings) { s.Port = port })
	}
	return 0, problem.New("starting the lab's registry", fmt.Sprintf("the ports %d to %d on 127.0.0.1 are taken", first, first+99), "free one of them")
}

// isFree reports whether a port on 127.0.0.1 is free, or becomes so in time.
func isFree(port int, patience time.Duration) bool {
	return process.Await(patience, func() bool {
		listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		return err == nil && listener.Close() == nil
	})
}

func (r *Registry) configure(mirror string) error {
	if err := os.MkdirAll(r.Data(), 0o755); err != nil {
		return err
	}
	// A killed server leaves its socket.
	if err := os.RemoveAll(r.Intake()); err != nil {
		return err
	}
	for s, address := range map[server]string{mirrorServer: mirror, intakeServer: r.Intake()} {
		config := fmt.Appendf(nil, commonConfig+s.config, r.Data(), address)
		if err := atomicwriter.WriteFile(r.config(s), config, 0o644); err != nil {
			return err
		}
	}
	return nil
}
