package lab

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"
	"text/tabwriter"

	"builders.test/internal/versions"
	"builders.test/lab/gobuild"
	"builders.test/lab/image"
	"builders.test/lab/process"
	"builders.test/lab/site"
	"github.com/docker/go-units"
)

// Status is what a lab consists of at a moment.
type Status struct {
	// Cache is the lab's folder, Hosts the engines' endpoints by image store,
	// Mirror the registry's host:port (empty before the first `up`).
	Cache  string            `json:"cache"`
	Hosts  map[string]string `json:"hosts"`
	Mirror string            `json:"mirror,omitempty"`
	// Up is true when all engines and the registry answer.
	Up         bool        `json:"up"`
	Components []Component `json:"components"`
	// Bytes is what the cache folder takes on the disk.
	Bytes int64 `json:"bytes"`
}

// Component is one row of a status.
type Component struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// State is a word or two: running, stopped, ready, missing, served, moved.
	State string `json:"state"`
	// Bytes on the disk; 0 where it is not counted by itself.
	Bytes int64 `json:"bytes,omitempty"`
}

// Status looks at the lab without changing anything.
func (l *Lab) Status(ctx context.Context) (Status, error) {
	s := Status{Cache: l.site.Cache, Hosts: l.Hosts(), Bytes: diskUsage(l.site.Cache)}
	s.Mirror, _ = l.registry.Mirror()
	for _, e := range l.engines {
		id, _ := e.Running()
		s.Components = append(s.Components, Component{
			Name: "engine " + e.Store(), Version: "docker " + versions.Engine,
			State: daemonState(e.Ping(ctx) == nil, id), Bytes: diskUsage(e.Data()),
		})
	}
	id, _ := l.registry.Running()
	s.Components = append(s.Components, Component{
		Name: "registry", Version: versions.Registry,
		State: daemonState(l.registry.Answers(ctx), id), Bytes: diskUsage(l.registry.Data()),
	})
	s.Up = !slices.ContainsFunc(s.Components, func(c Component) bool { return c.State == stopped })
	for _, p := range programs() {
		s.Components = append(s.Components, l.programRow(p))
	}
	s.Components = append(s.Components, l.emulationRow())
	for _, i := range l.images.States(ctx) {
		s.Components = append(s.Components, Component{Name: i.Name, Version: i.Version, State: i.State})
	}
	return s, ctx.Err()
}

const stopped = "stopped"

// daemonState is the state of a daemon that answers or not, and of its process,
// if that is known.
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

func (l *Lab) programRow(p gobuild.Program) Component {
	row := Component{Name: p.Name, Version: p.Version, State: string(image.Missing)}
	if dir := l.programs.Folder(p); site.Exists(dir) {
		row.State, row.Bytes = "ready", diskUsage(dir)
	}
	return row
}

// programs are those that a lab has whatever is asked of it, besides what its
// images carry.
func programs() []gobuild.Program {
	all := []gobuild.Program{gobuild.Dockerd(), gobuild.Containerd(), gobuild.Runc(versions.Runc), gobuild.Buildx(versions.Buildx)}
	for _, version := range versions.Dives {
		all = append(all, gobuild.Dive(version))
	}
	return all
}

func (l *Lab) emulationRow() Component {
	row := Component{Name: "emulation", Version: l.emulation.Arch(), State: stopped}
	if name, ok := l.emulation.By(); ok {
		row.State = "by " + name
	}
	return row
}

// diskUsage adds up what a folder takes on the disk, in bytes. Files with
// several names count once.
func diskUsage(dir string) int64 {
	var sum int64
	seen := map[uint64]bool{}
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return nil
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok || stat.Nlink > 1 && !entry.IsDir() && seen[stat.Ino] {
			return nil
		}
		seen[stat.Ino] = true
		sum += stat.Blocks * 512
		return nil
	})
	return sum
}

// Print writes the status as a table.
func (s Status) Print(w io.Writer) error {
	state := "down"
	if s.Up {
		state = "up"
	}
	fmt.Fprintf(w, "lab %s, %s in %s\n", state, units.BytesSize(float64(s.Bytes)), s.Cache)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "COMPONENT\tVERSION\tSTATE\tSIZE")
	for _, c := range s.Components {
		bytes := ""
		if c.Bytes > 0 {
			bytes = units.BytesSize(float64(c.Bytes))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", c.Name, c.Version, c.State, bytes)
	}
	return table.Flush()
}
