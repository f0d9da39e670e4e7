package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"builders.test/lab/debian"
)

// unpacked makes sure that Debian packages are unpacked in the cache and
// returns the folder.
func (l *Lab) unpacked(name string, packages ...string) (string, error) {
	dir := l.path("packages", name)
	err := l.work.do(dir, func(ctx context.Context) error {
		if _, err := os.Stat(dir); err == nil {
			return nil
		}
		return l.progress.work(name, "fetching from Debian", "unpacked", func() error {
			debs, err := l.native().Download(ctx, packages...)
			if err != nil {
				return err
			}
			return l.into(dir, func(temp string) error { return debian.Unpack(ctx, temp, debs...) })
		})
	})
	return dir, err
}

func (l *Lab) native() *debian.Archive { return l.maker.Archives[l.arch] }

// triplets are the names of Debian's library folders.
var triplets = map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}

// seccomp provides what runc's C code needs, and returns the variables that
// lead the compiler there.
func (l *Lab) seccomp() ([]string, error) {
	dir, err := l.unpacked("libseccomp", "libseccomp-dev")
	if err != nil {
		return nil, err
	}
	// The Go binding asks pkg-config; this answers in its place, so that none
	// has to be installed.
	answer := filepath.Join(l.path("tmp"), "pkg-config")
	script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in\n*--cflags*) echo '-I%[1]s/usr/include' ;;\n*--libs*) echo '-L%[1]s/usr/lib/%[2]s -lseccomp' ;;\nesac\n", dir, triplets[l.arch])
	if err := l.script(answer, script); err != nil {
		return nil, err
	}
	cc, err := l.compiler()
	return append([]string{"PKG_CONFIG=" + answer}, cc...), err
}

// compiler provides a C compiler: the host's, or Debian's unpacked.
func (l *Lab) compiler() ([]string, error) {
	if len(absent("gcc")) == 0 && exists("/usr/lib/"+triplets[l.arch]+"/libc.a") {
		return nil, nil
	}
	root := l.path("packages", "gcc")
	err := l.work.do(root, func(ctx context.Context) error {
		if exists(root) {
			return nil
		}
		return l.progress.work("gcc", "fetching from Debian", "unpacked", func() error {
			debs, err := l.native().Closure(ctx, "gcc", "libc6-dev")
			if err != nil {
				return err
			}
			return l.into(root, func(temp string) error { return unpackMerged(ctx, temp, debs) })
		})
	})
	if err != nil {
		return nil, err
	}
	cc := filepath.Join(l.path("tmp"), "cc")
	script := fmt.Sprintf("#!/bin/sh\nLD_LIBRARY_PATH=%[1]s/usr/lib/%[2]s:%[1]s/lib/%[2]s PATH=%[1]s/usr/bin:$PATH exec %[1]s/usr/bin/gcc --sysroot=%[1]s \"$@\"\n", root, triplets[l.arch])
	return []string{"CC=" + cc}, l.script(cc, script)
}

// script writes an executable script, once for all who need it.
func (l *Lab) script(file, text string) error {
	return l.work.do(file, func(context.Context) error { return os.WriteFile(file, []byte(text), 0o755) })
}

// unpackMerged unpacks packages into a folder where /lib and its like are
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

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// initProgram provides docker-init, the first process of containers that ask
// for one, as buildx's do. It returns its path.
func (l *Lab) initProgram() (string, error) {
	dir, err := l.unpacked("tini", "tini")
	return filepath.Join(dir, "usr/bin/tini-static"), err
}

// cli provides the docker command and returns the folder of one that the lab
// had to bring, or nothing when the host has its own.
func (l *Lab) cli() (string, error) {
	if _, err := exec.LookPath("docker"); err == nil {
		return "", nil
	}
	// Debian moved the command from docker.io to a package of its own.
	for _, name := range []string{"docker.io", "docker-cli"} {
		dir, err := l.unpacked(name, name)
		if err != nil {
			return "", err
		}
		if exists(filepath.Join(dir, "usr/bin/docker")) {
			return l.linkCLI(filepath.Join(dir, "usr/bin/docker"))
		}
	}
	return "", problem("finding the docker command", "neither PATH nor the distribution's packages have one", "install the docker CLI")
}

// linkCLI puts the command alone into a folder for PATH, without the daemons
// that came with it.
func (l *Lab) linkCLI(docker string) (string, error) {
	dir := l.path("packages", "docker-command")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, relink(docker, filepath.Join(dir, "docker"))
}

// relink makes link lead to target, whatever it was before.
func relink(target, link string) error {
	if now, err := os.Readlink(link); err == nil && now == target {
		return nil
	}
	if err := os.Remove(link + ".new"); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Symlink(target, link+".new"); err != nil {
		return err
	}
	return os.Rename(link+".new", link)
}
