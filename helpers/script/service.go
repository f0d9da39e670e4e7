package script

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/cli"
	"builders.test/helpers/engine"
	"builders.test/helpers/env"
	"builders.test/helpers/internal/poll"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/go-connections/nat"
	"github.com/rogpeppe/go-internal/testscript"
)

const (
	// servicePatience is how long a service may take to be healthy or to answer.
	servicePatience = time.Minute
	servicePause    = 200 * time.Millisecond
)

// service is a container that runs while the script goes on.
type service struct {
	// name is the script's name for it, container the engine's.
	name, container string
	// composed says that compose started it.
	composed bool
}

// launch is `run -d=NAME [-platform=P] [-port=N] [-env=NAME=VALUE] IMAGE [COMMAND]`: it starts a container
// in the background, with the image's ports, and -port's, published on 127.0.0.1. If the
// image has a health check, it waits until the container is healthy.
func (r *runner) launch(ts *testscript.TestScript, name string, args []string) error {
	if name == "" || r.services[name] != nil {
		return mistake{fmt.Errorf("run -d needs a name that no other service has, as in `run -d=app $APP`; it has %q", name)}
	}
	platform, ports, set := r.t.Native(), []string{}, []string{}
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		flag, value, _ := strings.Cut(args[0], "=")
		switch flag {
		case "-platform":
			platform = value
		case "-port":
			ports = append(ports, value)
		case "-env":
			set = append(set, "--env", value)
		default:
			return mistake{fmt.Errorf("run -d has no flag %s; it has -platform=, -port=, -env=", flag)}
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return mistake{errors.New("run -d needs an image, such as `run -d=app $APP`")}
	}
	if err := r.loaded(args[0]); err != nil {
		return err
	}
	s := &service{name: name, container: r.t.Env.Name("service-" + name)}
	line := []string{"run", "--detach", "--name", s.container, "--label", env.RunLabel + "=" + r.t.Env.Run, "--platform", platform}
	line = append(line, set...)
	for _, port := range published(ports, r.exposed(args[0])) {
		line = append(line, "--publish", "127.0.0.1::"+port)
	}
	config, err := r.surroundings(ts)
	if err != nil {
		return err
	}
	r.t.Cleanup(func() { engine.RemoveContainer(r.t, s.container) })
	result := config.Try(r.t, append(line, args...)...)
	output(ts, "", result.Stderr())
	if err := outcome("run -d="+name, result, false, func() string { return decisive(result.Stderr()) }); err != nil {
		return err
	}
	r.services[name] = s
	return r.awaitHealth(s)
}

// published returns each port once: of two with one number, the engine would bind the same
// address twice.
func published(ports, exposed []string) []string {
	var all []string
	for _, port := range slices.Concat(ports, exposed) {
		if !strings.Contains(port, "/") {
			port += "/tcp"
		}
		if !slices.Contains(all, port) {
			all = append(all, port)
		}
	}
	return all
}

// exposed returns the ports that an image declares, such as 8080/tcp.
func (r *runner) exposed(image string) []string {
	about, err := r.t.Env.Client.ImageInspect(r.t.Context(), image)
	if err != nil || about.Config == nil {
		return nil // docker run says it better
	}
	return slices.Sorted(maps.Keys(about.Config.ExposedPorts))
}

// awaitHealth waits for a container with a health check to be healthy. Any other one only
// has to be running.
func (r *runner) awaitHealth(s *service) error {
	last := "it has not been checked yet"
	err := r.patiently(func() (bool, error) {
		state := engine.Container(r.t, s.container).State
		switch {
		case !state.Running:
			return false, r.gone(s)
		case state.Health == nil || state.Health.Status == container.Healthy || state.Health.Status == container.NoHealthcheck:
			return true, nil
		}
		if log := state.Health.Log; len(log) > 0 {
			last = strings.TrimSpace(log[len(log)-1].Output)
		}
		if state.Health.Status == container.Unhealthy {
			r.record(s)
			return false, fmt.Errorf("the service %s is unhealthy: %s says: %s", s.name, r.healthCheck(s), last)
		}
		return false, nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		r.record(s)
		return fmt.Errorf("the service %s was not healthy within %s: %s", s.name, servicePatience, last)
	}
	return err
}

// record has the evidence say what the service printed, and what its checks did.
func (r *runner) record(s *service) {
	r.config.Try(r.t, "logs", s.container)
	r.config.Try(r.t, "inspect", "--format", "{{json .State.Health}}", s.container)
}

// healthCheck is the command with which the engine checks the service.
func (r *runner) healthCheck(s *service) string {
	about := engine.Container(r.t, s.container)
	if about.Config == nil || about.Config.Healthcheck == nil || len(about.Config.Healthcheck.Test) < 2 {
		return "its check"
	}
	return "its check `" + strings.Join(about.Config.Healthcheck.Test[1:], " ") + "`"
}

// gone says why a service no longer runs.
func (r *runner) gone(s *service) error {
	state := engine.Container(r.t, s.container).State
	said := r.config.Try(r.t, "logs", s.container)
	return fmt.Errorf("the service %s has ended with exit code %d%s", s.name, state.ExitCode, because(said.Stderr(), said.Stdout()))
}

// patiently polls until the condition holds; its error is the condition's, or the
// deadline's.
func (r *runner) patiently(holds func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(r.t.Context(), servicePatience)
	defer cancel()
	if err := poll.Until(ctx, servicePause, holds); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	return nil
}

// find returns the service of a name.
func (r *runner) find(command string, args []string) (*service, error) {
	if len(args) != 1 {
		return nil, mistake{fmt.Errorf("%s needs the name of a service that `run -d=NAME` started", command)}
	}
	s := r.services[args[0]]
	if s == nil {
		return nil, mistake{fmt.Errorf("there is no service %q; `run -d=%s IMAGE` starts it", args[0], args[0])}
	}
	return s, nil
}

// logs NAME: what a service wrote so far, to standard output and standard error.
func (r *runner) logs(ts *testscript.TestScript, _ negation, args []string) error {
	s, err := r.find("logs", args)
	if err != nil {
		return err
	}
	said := r.config.Try(r.t, "logs", s.container)
	output(ts, said.Stdout(), said.Stderr())
	return cli.Err(said)
}

// down NAME: asks a service to end, as docker stop does. Standard output is its exit code.
func (r *runner) down(ts *testscript.TestScript, _ negation, args []string) error {
	s, err := r.find("down", args)
	if err != nil {
		return err
	}
	if err := cli.Err(r.config.Try(r.t, "stop", s.container)); err != nil {
		return err
	}
	output(ts, fmt.Sprintln(engine.Container(r.t, s.container).State.ExitCode), "")
	delete(r.services, s.name)
	return nil
}

// address returns the address on this machine of a service's port.
func (r *runner) address(s *service, port string) (string, error) {
	bindings := engine.Container(r.t, s.container).NetworkSettings.Ports
	for declared, at := range bindings {
		if declared.Port() == port && len(at) > 0 {
			return "127.0.0.1:" + at[0].HostPort, nil
		}
	}
	if !r.runs(s) {
		return "", r.gone(s)
	}
	if _, declared := bindings[nat.Port(port+"/tcp")]; declared {
		return "", mistake{fmt.Errorf("the service %s does not publish its port %s; write `ask -inside`, or publish it (`ports:` in a compose file, `run -d=%s -port=%s`)", s.name, port, s.name, port)}
	}
	known, _ := json.Marshal(slices.Sorted(maps.Keys(bindings)))
	return "", mistake{fmt.Errorf("the service %s has no port %s, only %s; `run -d=%s -port=%s` publishes one that the image does not declare", s.name, port, known, s.name, port)}
}
