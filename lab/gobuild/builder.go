package gobuild

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/lab/process"
	"builders.test/lab/site"
	"github.com/moby/sys/atomicwriter"
	"golang.org/x/sync/semaphore"
)

// Builder compiles programs and keeps them in a lab's cache.
type Builder struct {
	site *site.Site
	// c returns the variables that lead the compiler to what C code needs.
	c func() ([]string, error)
	// downloads and compiles limit how many of each run at a time.
	downloads *semaphore.Weighted
	compiles  *queue
}

// lanes is how many programs are compiled at a time. One alone leaves processors idle
// where its packages wait for each other: 5 % of two processors' time and 40 % of
// eight's. Each further one compiles more of what it has in common with the others
// again, before Go's build cache has it: two of them 2 %, four 10 %.
const lanes = 2

// New returns the builder of the lab at s. Programs with C code are compiled with
// the variables that c returns.
func New(s *site.Site, c func() ([]string, error)) *Builder {
	return &Builder{site: s, c: c, downloads: semaphore.NewWeighted(2), compiles: newQueue(lanes)}
}

// Folder is where the program's binaries are or will be.
func (b *Builder) Folder(p Program) string { return b.site.Path("bin", p.folder()) }

// Compile makes sure that the program's binaries are there and returns their
// folder.
func (b *Builder) Compile(p Program) (string, error) {
	dir := b.Folder(p)
	err := b.site.Do(dir, func(ctx context.Context) error {
		if site.Exists(dir) {
			return nil
		}
		source, err := b.fetch(ctx, p)
		if err != nil {
			return fmt.Errorf("fetching %s: %w", p, err)
		}
		if err := b.build(ctx, p, source, dir); err != nil {
			return fmt.Errorf("building %s: %w (log: %s)", p, err, b.log(p))
		}
		return nil
	})
	return dir, err
}

// fetch downloads the module and everything its commands import, so that the
// compiler never waits for the network. It returns the module's folder.
func (b *Builder) fetch(ctx context.Context, p Program) (string, error) {
	if err := b.downloads.Acquire(ctx, 1); err != nil {
		return "", err
	}
	defer b.downloads.Release(1)
	source, err := b.source(ctx, p)
	if err != nil {
		return "", err
	}
	mode, err := b.mode(ctx, p)
	if err != nil {
		return "", err
	}
	args := slices.Concat([]string{"go", "list", "-deps"}, mode, []string{"-tags", p.Tags, "-f", "-"}, p.Packages)
	env := goEnv(p.cgo(), "GOTMPDIR="+b.site.Temp())
	return source, process.Command{Dir: source, Env: env, Args: args}.Run(ctx)
}

// source returns the folder that the program is compiled in: the module's or, if
// some of its files are to be others or have other names, a copy of it.
func (b *Builder) source(ctx context.Context, p Program) (string, error) {
	dir, err := ModuleDir(ctx, p.Module, p.Version)
	if err != nil || len(p.Instead) == 0 && !p.VendorMod {
		return dir, err
	}
	own := filepath.Join(b.site.Temp(), "source-of-"+p.folder())
	if err := os.CopyFS(own, os.DirFS(dir)); err != nil {
		return "", err
	}
	if p.VendorMod {
		for from, to := range map[string]string{"vendor.mod": "go.mod", "vendor.sum": "go.sum"} {
			if err := os.Rename(filepath.Join(own, from), filepath.Join(own, to)); err != nil {
				return "", err
			}
		}
	}
	for name, text := range p.Instead {
		if err := os.WriteFile(filepath.Join(own, name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	return own, nil
}

// borrowed are releases that cannot be built from what the module proxy has:
// their go.mod replaces a module with a folder that is not part of the module.
// The next release no longer needs the folder, and its go.mod builds them.
var borrowed = map[string]string{
	// A patched copy of opencontainers/selinux, whose patches are upstream in the
	// release after it.
	"github.com/opencontainers/runc@v1.3.3": "v1.3.4",
}

// mode is how the go command finds the modules that a program imports.
func (b *Builder) mode(ctx context.Context, p Program) ([]string, error) {
	version, ok := borrowed[p.Module+"@"+p.Version]
	if !ok {
		return []string{"-mod=readonly"}, nil
	}
	lender, err := ModuleDir(ctx, p.Module, version)
	if err != nil {
		return nil, err
	}
	file := b.site.Path("mod", p.folder()+".mod")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	for from, to := range map[string]string{"go.mod": file, "go.sum": strings.TrimSuffix(file, "mod") + "sum"} {
		content, err := os.ReadFile(filepath.Join(lender, from))
		if err != nil {
			return nil, err
		}
		if err := atomicwriter.WriteFile(to, content, 0o644); err != nil {
			return nil, err
		}
	}
	return []string{"-mod=readonly", "-modfile=" + file}, nil
}

// build compiles the commands from the module's own folder, so that releases
// whose go.mod has exclude or replace build, too.
func (b *Builder) build(ctx context.Context, p Program, source, dir string) error {
	var c []string
	if p.Static {
		var err error
		if c, err = b.c(); err != nil {
			return err
		}
	}
	if err := b.compiles.Acquire(ctx, p.rank()); err != nil {
		return err
	}
	defer b.compiles.Release()
	// Only what is being compiled is locked, not what waits for its turn: another
	// process may need that first.
	return b.site.Alone(ctx, p.String(), func() error {
		if site.Exists(dir) {
			return nil
		}
		return b.site.Timed(p.String(), "building", "built", func() error {
			return b.site.Into(dir, func(half string) error { return b.into(ctx, p, source, half, c) })
		})
	})
}

func (b *Builder) into(ctx context.Context, p Program, source, dir string, c []string) error {
	mode, err := b.mode(ctx, p)
	if err != nil {
		return err
	}
	return b.gobuild(ctx, p, source, dir, c, mode)
}

// Tree compiles a program from a source tree into the folder dir, with the go
// command's flags. It does not support C code.
func (b *Builder) Tree(ctx context.Context, p Program, source, dir string, flags []string) error {
	mode := []string{"-mod=readonly"}
	if site.Exists(filepath.Join(source, "vendor", "modules.txt")) {
		mode = []string{"-mod=vendor"}
	}
	if err := b.gobuild(ctx, p, source, dir, nil, append(mode, flags...)); err != nil {
		return fmt.Errorf("%w (log: %s)", err, b.log(p))
	}
	return nil
}

func (b *Builder) gobuild(ctx context.Context, p Program, source, dir string, c, mode []string) error {
	log, err := os.Create(b.log(p))
	if err != nil {
		return err
	}
	defer log.Close()
	// The linker strips debug information; not generating it saves a seventh of the
	// time and gives the same binary.
	args := slices.Concat([]string{"go", "build", "-trimpath", "-gcflags=all=-dwarf=false"}, mode,
		[]string{"-tags", p.Tags, "-ldflags", p.ldflags(), "-o", dir + "/"}, p.Packages)
	// What a killed compiler leaves behind is removed with that folder.
	env := goEnv(slices.Concat(c, collector(), []string{p.cgo(), "GOTMPDIR=" + b.site.Temp()})...)
	return process.Command{Dir: source, Env: env, Args: args, Log: log}.Run(ctx)
}

// collector returns the variables that make the compiler, a program that ends soon,
// collect garbage only if it takes much memory, which saves a fourteenth of the time.
// What the user chose stays.
func collector() []string {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return nil
	}
	return []string{"GOGC=off", "GOMEMLIMIT=512MiB"}
}

func (b *Builder) log(p Program) string { return b.site.Log(p.folder()) }
