package lab

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"builders.test/internal/versions"
	"github.com/moby/sys/atomicwriter"
	"golang.org/x/sync/errgroup"
)

// Wanted is what a lab should serve besides what it always does.
type Wanted struct {
	// BuildKits are releases such as v0.20.2.
	BuildKits []string
	// Frontends are releases of docker/dockerfile such as 1.10.
	Frontends []string
}

// Up brings the lab up with what is wanted: the engine and the registry run,
// the images are served, buildx is where the docker command finds it. It does
// only what is missing.
func (l *Lab) Up(ctx context.Context, wanted Wanted) error {
	tags, err := releases(wanted.BuildKits)
	if err != nil {
		return err
	}
	syntaxes, err := frontendTags(wanted.Frontends)
	if err != nil {
		return err
	}
	start := time.Now()
	if !l.stands(ctx, tags, syntaxes) {
		err = l.session(ctx, func(ctx context.Context) error { return l.raise(ctx, tags, syntaxes) })
		if err != nil {
			return explain("bringing up the lab", err)
		}
	}
	mirror, err := l.mirror()
	if err != nil {
		return err
	}
	l.progress.write("up in " + short(time.Since(start)) + ": docker " + versions.Engine + ", buildx " + versions.Buildx +
		", BuildKit " + strings.Join(tags, " ") +
		", frontends " + strings.Join(syntaxes, " ") + ", mirror " + mirror)
	return nil
}

// session runs fn while this process alone changes the lab, after the checks
// and with the folders that all work needs.
func (l *Lab) session(ctx context.Context, fn func(context.Context) error) error {
	if err := l.fit(); err != nil {
		return err
	}
	return l.locked(ctx, func() error {
		// What an earlier process left half made is of no use.
		if err := os.RemoveAll(l.path("tmp")); err != nil {
			return err
		}
		for _, dir := range []string{"tmp", "log"} {
			if err := os.MkdirAll(l.path(dir), 0o755); err != nil {
				return err
			}
		}
		defer os.RemoveAll(l.path("tmp"))
		if !exists(l.path("complete")) {
			if err := l.room(); err != nil {
				return err
			}
		}
		if err := os.MkdirAll(l.run, 0o700); err != nil {
			return err
		}
		// Work remembered from an earlier call may be undone by now.
		work, end := newOnce(ctx)
		defer end()
		l.work = work
		go l.progress.beat(work.ctx)
		return work.reason(fn(work.ctx))
	})
}

// raise does everything side by side; compiles and downloads wait for their
// turn by themselves. The order below is the order in which they queue.
func (l *Lab) raise(ctx context.Context, tags, syntaxes []string) error {
	for _, tag := range tags {
		if err := l.known(ctx, buildkit(tag)); err != nil {
			return err
		}
	}
	var group errgroup.Group
	start := func(name string, part func(context.Context) error) {
		group.Go(func() error { return l.work.do(name, part) })
	}
	for _, e := range engines {
		start("engine "+e.store, func(ctx context.Context) error { return l.startEngine(ctx, e) })
	}
	start("plugin", func(context.Context) error { return l.plugin() })
	start("emulation", func(context.Context) error { return l.emulate() })
	start("command", func(context.Context) error { return l.command() })
	for _, r := range l.plainImages() {
		start(r.String(), func(ctx context.Context) error { return l.serve(ctx, r) })
	}
	for _, tag := range tags {
		start("image "+tag, func(ctx context.Context) error { return l.serveBuildKit(ctx, tag) })
	}
	start("registry image", func(ctx context.Context) error { return l.serve(ctx, l.registryImage(), registry()) })
	for _, tag := range syntaxes {
		start("frontend "+tag, func(ctx context.Context) error { return l.serveFrontend(ctx, tag) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	// Nothing else waits for this, so it does not stand in anybody's way.
	if err := l.dives(); err != nil {
		return err
	}
	l.writeStanding(tags, syntaxes)
	return atomicwriter.WriteFile(l.path("complete"), nil, 0o644)
}

// command makes sure that there is a docker command.
func (l *Lab) command() error {
	dir, err := l.cli()
	if err != nil {
		return err
	}
	return l.change(func(s *settings) { s.CLI = dir })
}

// EnsureBuildKit makes the registry serve a BuildKit release.
func (l *Lab) EnsureBuildKit(ctx context.Context, release string) error {
	tag, err := Release(release)
	if err != nil {
		return err
	}
	err = l.session(ctx, func(ctx context.Context) error {
		if err := l.known(ctx, buildkit(tag)); err != nil {
			return err
		}
		if err := l.serveBuildKit(ctx, tag); err != nil {
			return err
		}
		l.writeStanding([]string{tag}, nil)
		return nil
	})
	return explain("providing BuildKit "+tag, err)
}

// Buildx provides a buildx release and returns its plugin binary, which is
// called docker-buildx.
func (l *Lab) Buildx(ctx context.Context, release string) (string, error) {
	tag := versions.Buildx
	if release != "latest" {
		v, err := Release(release)
		if err != nil {
			return "", problem("reading the buildx release "+release, "it is no version", "write one like "+versions.Buildx)
		}
		tag = v
	}
	var binary string
	err := l.session(ctx, func(ctx context.Context) (err error) {
		if err := l.known(ctx, buildx(tag)); err != nil {
			return err
		}
		binary, err = l.buildxBinary(tag)
		return err
	})
	return binary, explain("providing buildx "+tag, err)
}

// Down stops everything that the lab started and takes back every change to
// the host. The cache stays.
func (l *Lab) Down(ctx context.Context) error {
	if !exists(l.cache) && !exists(l.run) {
		return nil
	}
	if err := l.root("stopping the lab"); err != nil {
		return err
	}
	return explain("stopping the lab", l.locked(ctx, func() error { return l.lower(ctx) }))
}

func (l *Lab) lower(ctx context.Context) error {
	err := errors.Join(
		l.stopEngines(ctx),
		l.stopRegistry(),
		l.disconnect(),
		l.stopEmulation(),
	)
	if err != nil {
		return err
	}
	return os.RemoveAll(l.run)
}

// Purge is [Lab.Down], and then the cache is emptied as well.
func (l *Lab) Purge(ctx context.Context) error {
	if !exists(l.cache) && !exists(l.run) {
		return nil
	}
	if err := l.root("deleting the lab"); err != nil {
		return err
	}
	return explain("deleting the lab", l.locked(ctx, func() error {
		if err := l.lower(ctx); err != nil {
			return err
		}
		entries, err := os.ReadDir(l.cache)
		if err != nil {
			return err
		}
		for _, e := range entries {
			// Others may wait for the lock; it must stay.
			if e.Name() == "lock" {
				continue
			}
			if err := os.RemoveAll(l.path(e.Name())); err != nil {
				return err
			}
		}
		return nil
	}))
}

func (l *Lab) root(tried string) error {
	if os.Geteuid() == 0 {
		return nil
	}
	return problem(tried, "it needs root", "run it with sudo")
}
