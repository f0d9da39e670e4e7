package lab

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"builders.test/internal/versions"
	"builders.test/lab/catalog"
	"builders.test/lab/gobuild"
	"builders.test/lab/problem"
	"builders.test/lab/site"
	"golang.org/x/sync/errgroup"
)

// Wanted is what a lab should serve in addition to what it always serves.
type Wanted struct {
	// BuildKits are releases such as v0.20.2.
	BuildKits []string
	// Frontends are releases of docker/dockerfile such as 1.10.
	Frontends []string
}

// Up starts the lab with what is wanted: the engine and the registry run, the
// images are served, and buildx is where the docker command finds it. It does
// only what is missing.
func (l *Lab) Up(ctx context.Context, wanted Wanted) error {
	tags, err := catalog.BuildKits(wanted.BuildKits)
	if err != nil {
		return err
	}
	syntaxes, err := catalog.Frontends(wanted.Frontends)
	if err != nil {
		return err
	}
	start := time.Now()
	if !l.isUp(ctx, tags, syntaxes) {
		err = l.session(ctx, func(ctx context.Context) error { return l.up(ctx, tags, syntaxes) })
		if err != nil {
			return explain("bringing up the lab", err)
		}
	}
	bed := l.testbed()
	if err := bed.Write(l.TestbedFile()); err != nil {
		return explain("describing the lab", err)
	}
	l.site.Line("up in " + site.Short(time.Since(start)) + ": docker " + versions.Engine + ", buildx " + versions.Buildx +
		", BuildKit " + strings.Join(tags, " ") +
		", frontends " + strings.Join(syntaxes, " ") + ", mirror " + bed.Mirror.Address)
	return nil
}

// complete returns the path of the file that is there once everything was made.
func (l *Lab) complete() string { return l.site.Path("complete") }

// up does everything at the same time; compiles and downloads queue on their own.
func (l *Lab) up(ctx context.Context, tags, syntaxes []string) error {
	for _, tag := range tags {
		if err := l.programs.Known(ctx, gobuild.BuildKit(tag)); err != nil {
			return err
		}
	}
	var group errgroup.Group
	start := func(name string, part func(context.Context) error) {
		group.Go(func() error { return l.site.Do(name, part) })
	}
	for _, e := range l.engines {
		start("engine "+e.Store(), e.Start)
	}
	start("plugin", l.plugin)
	start("emulation", l.emulation.Start)
	start("command", l.command)
	start("dives", l.dives)
	for _, piece := range l.images.Pieces(tags, syntaxes) {
		start(piece.Name, piece.Serve)
	}
	if err := group.Wait(); err != nil {
		return err
	}
	l.note(ctx, tags, syntaxes)
	return os.WriteFile(l.complete(), nil, 0o644)
}

// Down stops everything that the lab started and undoes every change to the host.
// The cache stays.
func (l *Lab) Down(ctx context.Context) error {
	return l.undo(ctx, "stopping the lab", l.down)
}

// Purge does what [Lab.Down] does and also empties the cache.
func (l *Lab) Purge(ctx context.Context) error {
	return l.undo(ctx, "deleting the lab", func(ctx context.Context) error {
		if err := l.down(ctx); err != nil {
			return err
		}
		return l.empty()
	})
}

// undo undoes what a lab has done, if there is one.
func (l *Lab) undo(ctx context.Context, tried string, fn func(context.Context) error) error {
	if !site.Exists(l.site.Cache) && !site.Exists(l.site.Run) {
		return nil
	}
	if os.Geteuid() != 0 {
		return problem.New(tried, "it needs root", "run it with sudo")
	}
	return explain(tried, l.site.Own(ctx, func() error { return fn(ctx) }))
}

func (l *Lab) down(ctx context.Context) error {
	err := errors.Join(
		l.engines.Stop(ctx),
		l.registry.Stop(),
		l.network.Disconnect(l.engines.Know),
		l.emulation.Stop(),
	)
	if err != nil {
		return err
	}
	return os.RemoveAll(l.site.Run)
}

// empty deletes what is in the cache.
func (l *Lab) empty() error {
	entries, err := os.ReadDir(l.site.Cache)
	if err != nil {
		return err
	}
	for _, e := range entries {
		// Others may wait for the lock; it must stay.
		if e.Name() == site.LockName {
			continue
		}
		if err := os.RemoveAll(l.site.Path(e.Name())); err != nil {
			return err
		}
	}
	return nil
}
