package lab

import (
	"context"
	"os"
	"path/filepath"

	"builders.test/internal/versions"
	"builders.test/lab/gobuild"
	"builders.test/lab/site"
	"github.com/moby/sys/atomicwriter"
	"golang.org/x/sync/errgroup"
)

// command makes sure that there is a docker command.
func (l *Lab) command(context.Context) error {
	dir, err := l.packages.CLI()
	if err != nil {
		return err
	}
	return l.site.Change(func(s *site.Settings) { s.CLI = dir })
}

func (l *Lab) dockerConfig() string { return l.site.Path("docker-config") }

// plugin makes sure that the docker command finds the pinned buildx.
func (l *Lab) plugin(context.Context) error {
	binary, err := l.buildxBinary(versions.Buildx)
	if err != nil {
		return err
	}
	dir := filepath.Join(l.dockerConfig(), "cli-plugins")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if config := filepath.Join(l.dockerConfig(), "config.json"); !site.Exists(config) {
		if err := atomicwriter.WriteFile(config, []byte("{}\n"), 0o644); err != nil {
			return err
		}
	}
	return site.Relink(binary, filepath.Join(dir, "docker-buildx"))
}

// buildxBinary compiles a buildx release and returns it under the name that
// the docker command wants its plugins to have.
func (l *Lab) buildxBinary(release string) (string, error) {
	dir, err := l.programs.Compile(gobuild.Buildx(release))
	if err != nil {
		return "", err
	}
	link := filepath.Join(dir, "docker-buildx")
	return link, site.Relink("buildx", link)
}

// diveFolder holds every release of dive under the name dive-<release>.
func (l *Lab) diveFolder() string { return l.site.Path("dive") }

// dives makes sure that the releases of dive are there.
func (l *Lab) dives() error {
	if err := os.MkdirAll(l.diveFolder(), 0o755); err != nil {
		return err
	}
	var group errgroup.Group
	for _, version := range versions.Dives {
		group.Go(func() error {
			dir, err := l.programs.Compile(gobuild.Dive(version))
			if err != nil {
				return err
			}
			return site.Relink(filepath.Join(dir, "dive"), filepath.Join(l.diveFolder(), "dive-"+version))
		})
	}
	return group.Wait()
}
