package lab

import (
	"context"
	"os"
	"path/filepath"

	"builders.test/internal/versions"
	"builders.test/lab/catalog"
	"builders.test/lab/gobuild"
	"builders.test/lab/problem"
	"builders.test/lab/site"
	"github.com/moby/sys/atomicwriter"
	"golang.org/x/sync/errgroup"
)

// ErrNoRelease is the cause if a release does not exist.
var ErrNoRelease = gobuild.ErrNoRelease

// Release turns what a user writes for a BuildKit release into a version tag:
// "latest" and "stable" are the stable release, "0.11.5" is v0.11.5.
func Release(text string) (string, error) { return catalog.Release(text) }

// Releases lists the releases in BuildKit's module list, which may lack some.
func Releases(ctx context.Context) ([]string, error) {
	known, err := gobuild.Releases(ctx, gobuild.BuildKitModule)
	if err != nil {
		return nil, problem.New("listing the releases of BuildKit", "the Go module proxy does not list them",
			"see that `go list -m -versions "+gobuild.BuildKitModule+"` works")
	}
	return known, nil
}

// Source returns the folder of a release's source tree.
func (l *Lab) Source(ctx context.Context, release string) (string, error) {
	dir, err := gobuild.ModuleDir(ctx, gobuild.BuildKitModule, release)
	return dir, explain("fetching the source of BuildKit "+release, err)
}

// EnsureBuildKit makes the registry serve a BuildKit release. If it does already, it
// waits for no one.
func (l *Lab) EnsureBuildKit(ctx context.Context, release string) error {
	tag, err := Release(release)
	if err != nil {
		return err
	}
	if l.upState().has([]string{tag}, nil) && l.registry.Answers(ctx) {
		return nil
	}
	err = l.session(ctx, func(ctx context.Context) error {
		if err := l.programs.Known(ctx, gobuild.BuildKit(tag)); err != nil {
			return err
		}
		if err := l.images.ServeBuildKit(ctx, tag); err != nil {
			return err
		}
		l.note(ctx, []string{tag}, nil)
		return nil
	})
	return explain("providing BuildKit "+tag, err)
}

// BuildKitFromSource compiles BuildKit from a source tree, together with the
// runc that the tree's Dockerfile names, and serves it. It returns the image
// reference, which follows from the programs' content: the same tree gives the
// same reference.
func (l *Lab) BuildKitFromSource(ctx context.Context, dir string, flags ...string) (string, error) {
	tried := "building BuildKit from " + dir
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", explain(tried, err)
	}
	if err := catalog.CheckSource(dir); err != nil {
		return "", err
	}
	var ref string
	err = l.session(ctx, func(ctx context.Context) (err error) {
		ref, err = l.images.ServeSource(ctx, dir, flags)
		return err
	})
	return ref, explain(tried, err)
}

// Buildx provides a buildx release and returns its plugin binary, which is
// called docker-buildx. If it is there already, it waits for no one.
func (l *Lab) Buildx(ctx context.Context, release string) (string, error) {
	tag := versions.Buildx
	if release != "latest" {
		v, err := Release(release)
		if err != nil {
			return "", problem.New("reading the buildx release "+release, "it is not a version", "write one like "+versions.Buildx)
		}
		tag = v
	}
	binary := l.buildxPath(tag)
	if site.Exists(binary) {
		return binary, nil
	}
	err := l.session(ctx, func(ctx context.Context) (err error) {
		if err := l.programs.Known(ctx, gobuild.Buildx(tag)); err != nil {
			return err
		}
		binary, err = l.buildxBinary(tag)
		return err
	})
	return binary, explain("providing buildx "+tag, err)
}

// Compose makes sure that the docker command finds the compose plugin. If it does already,
// it waits for no one.
func (l *Lab) Compose(ctx context.Context) error {
	program := gobuild.Compose(versions.Compose)
	binary := filepath.Join(l.programs.Folder(program), "docker-compose")
	link := filepath.Join(l.dockerConfig(), "cli-plugins", "docker-compose")
	if target, err := os.Readlink(link); err == nil && target == binary && site.Exists(binary) {
		return nil
	}
	err := l.session(ctx, func(context.Context) error {
		if _, err := l.programs.Compile(program); err != nil {
			return err
		}
		if err := site.Relink("cmd", binary); err != nil {
			return err
		}
		return site.Relink(binary, link)
	})
	return explain("providing compose "+versions.Compose, err)
}

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

// buildxPath is where a buildx release is or will be, with the name that the docker
// command requires of plugins.
func (l *Lab) buildxPath(release string) string {
	return filepath.Join(l.programs.Folder(gobuild.Buildx(release)), "docker-buildx")
}

// buildxBinary compiles a buildx release and returns its path.
func (l *Lab) buildxBinary(release string) (string, error) {
	if _, err := l.programs.Compile(gobuild.Buildx(release)); err != nil {
		return "", err
	}
	link := l.buildxPath(release)
	return link, site.Relink("buildx", link)
}

// dives makes sure that the releases of dive are there.
func (l *Lab) dives(context.Context) error {
	var group errgroup.Group
	for _, release := range versions.Dives {
		group.Go(func() error {
			_, err := l.programs.Compile(gobuild.Dive(release))
			return err
		})
	}
	return group.Wait()
}

// dive is where a release of dive is or will be.
func (l *Lab) dive(release string) string {
	return filepath.Join(l.programs.Folder(gobuild.Dive(release)), "dive")
}
