// Package packages provides programs and libraries from Debian's packages,
// unpacked into a lab's cache and never installed.
package packages

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"builders.test/lab/debian"
	"builders.test/lab/problem"
	"builders.test/lab/site"
	"github.com/moby/sys/atomicwriter"
)

// Packages unpacks Debian's packages for this machine.
type Packages struct {
	site    *site.Site
	archive *debian.Archive
}

// New returns the packages of an archive, for the lab at s.
func New(s *site.Site, archive *debian.Archive) *Packages {
	return &Packages{site: s, archive: archive}
}

// Unpacked makes sure that a package is unpacked and returns its folder.
func (p *Packages) Unpacked(name string) (string, error) { return p.unpackedAs(name, name) }

func (p *Packages) unpackedAs(folder, name string) (string, error) {
	return p.provide(folder, func(ctx context.Context, half string) error {
		debs, err := p.archive.Download(ctx, name)
		if err != nil {
			return err
		}
		return debian.Unpack(ctx, half, debs...)
	})
}

// provide fills a folder once and returns it.
func (p *Packages) provide(name string, fill func(ctx context.Context, half string) error) (string, error) {
	dir := p.site.Path("packages", name)
	return dir, p.site.Do(dir, func(ctx context.Context) error {
		if site.Exists(dir) {
			return nil
		}
		return p.site.Alone(ctx, "package "+name, func() error {
			if site.Exists(dir) {
				return nil
			}
			return p.site.Timed(name, "fetching from Debian", "unpacked", func() error {
				return p.site.Into(dir, func(half string) error { return fill(ctx, half) })
			})
		})
	})
}

// InitPath is where docker-init is once [Packages.Init] has provided it.
func (p *Packages) InitPath() string { return p.site.Path("packages", "tini", "usr/bin/tini-static") }

// Init provides docker-init, the first process of containers that ask for one, as
// buildx's do.
func (p *Packages) Init() error {
	_, err := p.Unpacked("tini")
	return err
}

// IgzipFolder is where igzip is once [Packages.Igzip] has provided it.
func (p *Packages) IgzipFolder() string { return p.site.Path("packages", "igzip-command") }

// Igzip provides the program with which containerd inflates layers if PATH has it: five
// times as fast as its own code.
func (p *Packages) Igzip() error {
	dir, err := p.provide("isal", func(ctx context.Context, half string) error {
		debs, err := p.archive.Download(ctx, "isal", "libisal2")
		if err != nil {
			return err
		}
		return debian.Unpack(ctx, half, debs...)
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(p.IgzipFolder(), 0o755); err != nil {
		return err
	}
	text := fmt.Sprintf("#!/bin/sh\nLD_LIBRARY_PATH=%[1]s/usr/lib/%[2]s exec %[1]s/usr/bin/igzip \"$@\"\n", dir, p.triplet())
	return atomicwriter.WriteFile(filepath.Join(p.IgzipFolder(), "igzip"), []byte(text), 0o755)
}

// CLI provides the docker command. It returns the folder of the lab's own
// command, or nothing if the host has one.
func (p *Packages) CLI() (string, error) {
	if _, err := exec.LookPath("docker"); err == nil {
		return "", nil
	}
	// Debian moved the command from docker.io to its own package.
	for _, name := range []string{"docker.io", "docker-cli"} {
		dir, err := p.Unpacked(name)
		if err != nil {
			return "", err
		}
		if docker := filepath.Join(dir, "usr/bin/docker"); site.Exists(docker) {
			return p.linkCLI(docker)
		}
	}
	return "", problem.New("finding the docker command", "neither PATH nor the distribution's packages have one", "install the docker CLI")
}

// linkCLI links the command into a folder for PATH, without the daemons that came
// with it.
func (p *Packages) linkCLI(docker string) (string, error) {
	dir := p.site.Path("packages", "docker-command")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, site.Relink(docker, filepath.Join(dir, "docker"))
}

// triplets are the names of Debian's library folders.
var triplets = map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}

func (p *Packages) triplet() string { return triplets[p.archive.Arch] }

// Seccomp provides what runc's C code needs, and returns the variables that lead
// the go command there.
func (p *Packages) Seccomp() ([]string, error) {
	dir, err := p.unpackedAs("libseccomp", "libseccomp-dev")
	if err != nil {
		return nil, err
	}
	// The Go binding asks pkg-config; this script answers in its place, so that it
	// need not be installed.
	answer, err := p.script("pkg-config", fmt.Sprintf(
		"#!/bin/sh\ncase \"$*\" in\n*--cflags*) echo '-I%[1]s/usr/include' ;;\n*--libs*) echo '-L%[1]s/usr/lib/%[2]s -lseccomp' ;;\nesac\n",
		dir, p.triplet()))
	if err != nil {
		return nil, err
	}
	cc, err := p.compiler()
	return append([]string{"PKG_CONFIG=" + answer}, cc...), err
}

// compiler provides a C compiler: the host's, or Debian's unpacked.
func (p *Packages) compiler() ([]string, error) {
	if _, err := exec.LookPath("gcc"); err == nil && site.Exists("/usr/lib/"+p.triplet()+"/libc.a") {
		return nil, nil
	}
	root, err := p.provide("gcc", func(ctx context.Context, half string) error {
		debs, err := p.archive.Closure(ctx, "gcc", "libc6-dev")
		if err != nil {
			return err
		}
		return unpackMerged(ctx, half, debs)
	})
	if err != nil {
		return nil, err
	}
	cc, err := p.script("cc", fmt.Sprintf(
		"#!/bin/sh\nLD_LIBRARY_PATH=%[1]s/usr/lib/%[2]s:%[1]s/lib/%[2]s PATH=%[1]s/usr/bin:$PATH exec %[1]s/usr/bin/gcc --sysroot=%[1]s \"$@\"\n",
		root, p.triplet()))
	return []string{"CC=" + cc}, err
}

// script writes an executable script, once for all who need it.
func (p *Packages) script(name, text string) (string, error) {
	file := filepath.Join(p.site.Temp(), name)
	return file, p.site.Do(file, func(context.Context) error { return os.WriteFile(file, []byte(text), 0o755) })
}

// unpackMerged unpacks packages into a folder in which /lib and the like are
// links into /usr: the linker's scripts name both.
func unpackMerged(ctx context.Context, dir string, debs []string) error {
	for _, top := range []string{"bin", "lib", "lib64", "sbin"} {
		if err := os.MkdirAll(filepath.Join(dir, "usr", top), 0o755); err != nil {
			return err
		}
		if err := os.Symlink("usr/"+top, filepath.Join(dir, top)); err != nil {
			return err
		}
	}
	return debian.Unpack(ctx, dir, debs...)
}
