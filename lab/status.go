package lab

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"

	"builders.test/internal/versions"
	"builders.test/lab/image"
	"builders.test/lab/process"
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
	s := Status{Cache: l.cache, Hosts: l.Hosts(), Bytes: diskUsage(l.cache)}
	s.Mirror, _ = l.mirror()
	running := l.Running(ctx)
	for _, e := range engines {
		up := slices.Contains(running, l.host(e))
		s.Components = append(s.Components, l.daemonRow("engine "+e.store, "docker "+versions.Engine, l.engineDaemon(e), up, l.dataRoot(e)))
	}
	registryUp := l.registryAnswers(ctx)
	s.Components = append(s.Components, l.daemonRow("registry", versions.Registry, l.registryDaemon(mirrorServer), registryUp, l.path("registry")))
	s.Up = !slices.ContainsFunc(s.Components, func(c Component) bool { return c.State == stopped })
	for _, p := range programsAlways() {
		s.Components = append(s.Components, l.programRow(p))
	}
	s.Components = append(s.Components, l.emulationRow())
	for _, r := range l.recipes() {
		row := Component{Name: r.String(), Version: l.versionOf(r), State: string(image.Missing)}
		if registryUp {
			row.State = string(l.maker.Look(ctx, s.Mirror, r))
		} else if l.maker.Made(r) {
			row.State = "ready"
		}
		s.Components = append(s.Components, row)
	}
	return s, ctx.Err()
}

const stopped = "stopped"

func (l *Lab) daemonRow(name, version string, daemon process.Daemon, up bool, data string) Component {
	row := Component{Name: name, Version: version, State: stopped, Bytes: diskUsage(data)}
	if up {
		row.State = "running"
		if id, _, ok := daemon.Running(); ok {
			row.State = fmt.Sprintf("running (pid %d)", id.PID)
		}
	}
	return row
}

func (l *Lab) programRow(p program) Component {
	row := Component{Name: p.name, Version: p.version, State: string(image.Missing)}
	if dir := l.folder(p); exists(dir) {
		row.State, row.Bytes = "ready", diskUsage(dir)
	}
	return row
}

// programsAlways are those that a lab has whatever is asked of it, besides what its
// images carry.
func programsAlways() []program {
	all := []program{dockerd(), containerd(), runc(versions.Runc), buildx(versions.Buildx)}
	for _, version := range versions.Dives {
		all = append(all, dive(version))
	}
	return all
}

func (l *Lab) emulationRow() Component {
	f := l.emulated()
	row := Component{Name: "emulation", Version: f.arch, State: stopped}
	if name, ok := f.handler(binfmtRoot, func(string) bool { return false }); ok {
		row.State = "by " + name
	}
	return row
}

// recipes are all images the lab has or should have, those of further releases
// included.
func (l *Lab) recipes() []image.Recipe {
	all := append(l.plainImages(), l.registryImage())
	all = append(all, l.frontendRecipes()...)
	tags := []string{versions.BuildKit, versions.NewestBuildKit}
	notes, _ := filepath.Glob(l.runcNote("*"))
	for _, note := range notes {
		tags = append(tags, strings.TrimPrefix(note, l.runcNote("")))
	}
	tags, err := releases(tags)
	if err != nil {
		tags = nil
	}
	for _, tag := range tags {
		version := "?"
		if text, err := os.ReadFile(l.runcNote(tag)); err == nil {
			version = string(text)
		}
		all = append(all, l.buildkitRecipe(tag, version))
	}
	return all
}

func (l *Lab) versionOf(r image.Recipe) string {
	if runc := r.Labels[RuncLabel]; runc != "" {
		return "runc " + runc
	}
	if r.StandIn != "" {
		return "stand-in"
	}
	return strings.Join(r.Archs, " ")
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
