// Package catalog is the images that a lab serves: which there are, what each is
// made of, and how the registry gets them.
package catalog

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"builders.test/helpers/proxy"
	"builders.test/internal/versions"
	"builders.test/lab/debian"
	"builders.test/lab/gobuild"
	"builders.test/lab/image"
	"builders.test/lab/registry"
	"builders.test/lab/site"
	"golang.org/x/sync/errgroup"
)

// imageDate is the creation time in every image's config. It is fixed, so that
// the same inputs give the same digest.
var imageDate = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)

// Parts are what the images are made of and where they go.
type Parts struct {
	Site *site.Site
	// Arch is this machine's architecture, Codename its Debian release.
	Arch, Codename string
	Archives       map[string]*debian.Archive
	Programs       *gobuild.Builder
	Registry       *registry.Registry
}

// Catalog is the images of a lab.
type Catalog struct {
	Parts
	maker *image.Maker
}

// New returns a catalog of images made from parts.
func New(parts Parts) *Catalog {
	return &Catalog{Parts: parts, maker: &image.Maker{
		Dir: parts.Site.Cache, Temp: parts.Site.Temp(), HostArch: parts.Arch,
		Archives: parts.Archives, Date: imageDate, Through: proxy.Dial("unix", parts.Registry.Intake()),
	}}
}

// Piece is an image to be served.
type Piece struct {
	Name  string
	Serve func(context.Context) error
}

// Pieces returns what a lab always serves, including the releases of BuildKit and
// the Dockerfile frontends, in the best order to begin them.
func (c *Catalog) Pieces(buildkits, frontends []string) []Piece {
	var all []Piece
	add := func(name string, serve func(context.Context) error) { all = append(all, Piece{name, serve}) }
	for _, r := range c.plain() {
		add(r.String(), func(ctx context.Context) error { return c.serve(ctx, r) })
	}
	for _, tag := range buildkits {
		add("image "+tag, func(ctx context.Context) error { return c.ServeBuildKit(ctx, tag) })
	}
	add("registry image", func(ctx context.Context) error { return c.serve(ctx, c.registryImage(), gobuild.Registry()) })
	for _, tag := range frontends {
		add("frontend "+tag, func(ctx context.Context) error { return c.serveFrontend(ctx, tag) })
	}
	return all
}

// plain returns the images made of Debian packages alone.
func (c *Catalog) plain() []image.Recipe {
	return append([]image.Recipe{
		image.BusyboxImage(),
		image.Debian(c.Codename),
		image.Ubuntu(c.Codename),
	}, image.FFmpeg(c.Codename)...)
}

// registryImage is registry:3.
func (c *Catalog) registryImage() image.Recipe {
	p := gobuild.Registry()
	return image.Registry(c.Arch, p.Module+" "+versions.Registry+" with the storage drivers filesystem and inmemory, and Debian's busybox-static",
		filepath.Join(c.Programs.Folder(p), "registry"))
}

// StandIns returns the images that are not what their names say, with what they
// are instead.
func (c *Catalog) StandIns() map[string]string {
	all := map[string]string{}
	for _, r := range c.plain() {
		if r.StandIn == "" {
			continue
		}
		for _, name := range r.Names() {
			all[name] = r.StandIn
		}
	}
	return all
}

// Registries returns the registries whose images the catalog has.
func (c *Catalog) Registries() []string {
	all := []string{"docker.io"}
	for _, r := range c.plain() {
		if r.Registry != "" && !slices.Contains(all, r.Registry) {
			all = append(all, r.Registry)
		}
	}
	return all
}

// serve makes the registry serve an image. It fetches what comes from Debian
// while the programs are compiled.
func (c *Catalog) serve(ctx context.Context, r image.Recipe, programs ...gobuild.Program) error {
	var group errgroup.Group
	for _, p := range programs {
		group.Go(func() error {
			_, err := c.Programs.Compile(p)
			return err
		})
	}
	group.Go(c.Registry.Start)
	group.Go(func() error { return c.maker.Prepare(ctx, r) })
	if err := group.Wait(); err != nil {
		return err
	}
	mirror, err := c.Registry.Mirror()
	if err != nil {
		return err
	}
	if c.maker.Look(ctx, mirror, r) == image.Served {
		return nil
	}
	return c.Site.Timed(r.String(), "making", "made", func() error {
		_, err := c.maker.Ensure(ctx, mirror, r)
		return err
	})
}
