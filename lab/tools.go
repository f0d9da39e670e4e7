package lab

import (
	"os"
	"path/filepath"

	"builders.test/internal/versions"
	"github.com/moby/sys/atomicwriter"
	"golang.org/x/sync/errgroup"
)

// plugin makes sure that the docker command finds the pinned buildx.
func (l *Lab) plugin() error {
	binary, err := l.buildxBinary(versions.Buildx)
	if err != nil {
		return err
	}
	dir := l.path("docker-config", "cli-plugins")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if config := l.path("docker-config", "config.json"); !exists(config) {
		if err := atomicwriter.WriteFile(config, []byte("{}\n"), 0o644); err != nil {
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

// diveFolder holds every release of dive under the name dive-<release>.
func (l *Lab) diveFolder() string { return l.path("dive") }

// dives makes sure that the releases of dive are there.
func (l *Lab) dives() error {
	if err := os.MkdirAll(l.diveFolder(), 0o755); err != nil {
		return err
	}
	var group errgroup.Group
	for _, version := range versions.Dives {
		group.Go(func() error {
			dir, err := l.compile(dive(version))
			if err != nil {
				return err
			}
			return relink(filepath.Join(dir, "dive"), filepath.Join(l.diveFolder(), "dive-"+version))
		})
	}
	return group.Wait()
}
