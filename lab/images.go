package lab

import (
	"context"
	"path/filepath"
	"time"

	"builders.test/internal/versions"
	"builders.test/lab/image"
	"golang.org/x/sync/errgroup"
)

// imageDate is the creation time in every image's config. It is fixed, so that
// the same inputs give the same digest.
var imageDate = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)

// plainImages are the images that are made of Debian packages alone.
func (l *Lab) plainImages() []image.Recipe {
	return append([]image.Recipe{
		image.BusyboxImage(),
		image.Debian(l.release.Codename),
		image.Ubuntu(l.release.Codename),
	}, image.FFmpeg(l.release.Codename)...)
}

// registryImage is registry:3.
func (l *Lab) registryImage() image.Recipe {
	return image.Registry(l.arch, registry().module+" "+versions.Registry+" and Debian's busybox-static",
		filepath.Join(l.folder(registry()), "registry"))
}

// serve makes the registry serve an image. What comes from Debian is fetched
// while the programs are compiled.
func (l *Lab) serve(ctx context.Context, r image.Recipe, programs ...program) error {
	var group errgroup.Group
	for _, p := range programs {
		group.Go(func() error {
			_, err := l.compile(p)
			return err
		})
	}
	group.Go(l.startRegistry)
	group.Go(func() error { return l.maker.Prepare(ctx, r) })
	if err := group.Wait(); err != nil {
		return err
	}
	mirror, err := l.mirror()
	if err != nil {
		return err
	}
	if l.maker.Look(ctx, mirror, r) == image.Served {
		return nil
	}
	return l.progress.work(r.String(), "making", "made", func() error {
		_, err := l.maker.Ensure(ctx, mirror, r)
		return err
	})
}
