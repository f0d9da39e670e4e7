package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"builders.test/internal/versions"
	"builders.test/lab/gobuild"
	"builders.test/lab/process"
	"builders.test/lab/site"
)

// Status is what a lab consists of at one moment.
type Status struct {
	// Cache is the lab's folder, Hosts the engines' endpoints by image store,
	// Mirror the registry's host:port (empty before the first `up`).
	Cache  string            `json:"cache"`
	Hosts  map[string]string `json:"hosts"`
	Mirror string            `json:"mirror,omitempty"`
	// Up reports whether all engines and the registry answer.
	Up         bool        `json:"up"`
	Components []Component `json:"components"`
}

// Component is one row of a status.
type Component struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// State is a word or two: running, stopped, ready, missing, served.
	State string `json:"state"`
}

// Status inspects the lab without changing anything.
func (l *Lab) Status(ctx context.Context) (Status, error) {
	s := Status{Cache: l.site.Cache, Hosts: l.Hosts()}
	s.Mirror, _ = l.registry.Mirror()
	add := func(name, version, state string) {
		s.Components = append(s.Components, Component{name, version, state})
	}
	for _, e := range l.engines {
		id, _ := e.Running()
		add("engine "+e.Store(), "docker "+versions.Engine, daemonState(e.Ping(ctx) == nil, id))
	}
	id, _ := l.registry.Running()
	add("registry", versions.Registry, daemonState(l.registry.Answers(ctx), id))
	s.Up = !slices.ContainsFunc(s.Components, func(c Component) bool { return c.State == stopped })
	emulator := stopped
	if name, ok := l.emulation.By(); ok {
		emulator = "by " + name
	}
	add("emulation", l.emulation.Arch(), emulator)
	for _, p := range programs() {
		state := "missing"
		if site.Exists(l.programs.Folder(p)) {
			state = "ready"
		}
		add(p.Name, p.Version, state)
	}
	images := l.upState().noted()
	for _, tag := range images.BuildKits {
		add("image moby/buildkit", tag, "served")
	}
	for _, tag := range images.Frontends {
		add("image docker/dockerfile", tag, "served")
	}
	return s, ctx.Err()
}

const stopped = "stopped"

// daemonState returns the state of a daemon that answers or not, and of its
// process, if that is known.
func daemonState(answers bool, id process.Identity) string {
	switch {
	case !answers:
		return stopped
	case id.PID == 0:
		return "running"
	default:
		return fmt.Sprintf("running (pid %d)", id.PID)
	}
}

// programs returns the programs that every lab has, besides what its images contain.
func programs() []gobuild.Program {
	all := []gobuild.Program{gobuild.Dockerd(), gobuild.Containerd(), gobuild.Runc(versions.Runc), gobuild.Buildx(versions.Buildx)}
	for _, version := range versions.Dives {
		all = append(all, gobuild.Dive(version))
	}
	return all
}

// Encode writes the status as JSON.
func (s Status) Encode(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(s)
}

// Print writes the status as a table.
func (s Status) Print(w io.Writer) error {
	state := "down"
	if s.Up {
		state = "up"
	}
	fmt.Fprintf(w, "lab %s, in %s\n", state, s.Cache)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "COMPONENT\tVERSION\tSTATE")
	for _, c := range s.Components {
		fmt.Fprintf(table, "%s\t%s\t%s\n", c.Name, c.Version, c.State)
	}
	return table.Flush()
}
