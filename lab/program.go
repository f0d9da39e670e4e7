package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/lab/process"
	"github.com/moby/sys/atomicwriter"
)

// program is a set of commands compiled from one Go module.
type program struct {
	// name is for people and for folders: "buildx".
	name            string
	module, version string
	// packages are the commands within the module: "./cmd/buildx".
	packages []string
	tags     string
	// vars are the string variables set by the linker.
	vars map[string]string
	// static links C code statically; without it there is none.
	static bool
}

func (p program) title() string { return p.name + " " + p.version }

// folder is the program's folder in the cache. Its name changes with whatever
// changes the binaries.
func (p program) folder() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%+v", p))
	return fmt.Sprintf("%s-%s-%s", p.name, p.version, hex.EncodeToString(sum[:])[:8])
}

func (p program) ldflags() string {
	flags := []string{"-s", "-w"}
	for _, name := range slices.Sorted(maps.Keys(p.vars)) {
		flags = append(flags, "-X "+name+"="+p.vars[name])
	}
	if p.static {
		flags = append(flags, "-extldflags -static")
	}
	return strings.Join(flags, " ")
}

func (l *Lab) folder(p program) string { return l.path("bin", p.folder()) }

// compile makes sure that the program's binaries are in the cache and returns
// their folder.
func (l *Lab) compile(p program) (string, error) {
	dir := l.folder(p)
	err := l.work.do(dir, func(ctx context.Context) error {
		if _, err := os.Stat(dir); err == nil {
			return nil
		}
		source, err := l.fetch(ctx, p)
		if err != nil {
			return fmt.Errorf("fetching %s: %w", p.title(), err)
		}
		if err := l.build(ctx, p, source, dir); err != nil {
			return fmt.Errorf("building %s: %w (log: %s)", p.title(), err, l.log(p.folder()))
		}
		return nil
	})
	return dir, err
}

// fetch downloads the module and everything its commands import, so that the
// compiler never waits for the network. It returns the module's folder.
func (l *Lab) fetch(ctx context.Context, p program) (string, error) {
	if err := l.downloads.Acquire(ctx, 1); err != nil {
		return "", err
	}
	defer l.downloads.Release(1)
	source, err := moduleDir(ctx, p.module, p.version)
	if err != nil {
		return "", err
	}
	mode, err := l.mode(ctx, p)
	if err != nil {
		return "", err
	}
	args := slices.Concat([]string{"go", "list", "-deps"}, mode, []string{"-tags", p.tags, "-f", "-"}, p.packages)
	env := goEnv(p.cgo(), "GOTMPDIR="+l.path("tmp"))
	return source, process.Command{Dir: source, Env: env, Args: args}.Run(ctx)
}

// borrowed are releases that cannot be built from what the module proxy has:
// their go.mod replaces a module by a folder that is no part of the module.
// The next release needs the folder no more, and its go.mod builds them.
var borrowed = map[string]string{
	// A patched copy of opencontainers/selinux, whose patches went upstream
	// for the release after it.
	"github.com/opencontainers/runc@v1.3.3": "v1.3.4",
}

// mode is how the go command finds the modules that a program imports.
func (l *Lab) mode(ctx context.Context, p program) ([]string, error) {
	version, ok := borrowed[p.module+"@"+p.version]
	if !ok {
		return []string{"-mod=readonly"}, nil
	}
	lender, err := moduleDir(ctx, p.module, version)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(l.path("mod"), 0o755); err != nil {
		return nil, err
	}
	file := l.path("mod", p.folder()+".mod")
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

// moduleDir downloads a module, verifies it and returns the folder it lies in.
func moduleDir(ctx context.Context, module, version string) (string, error) {
	if err := verifiable(ctx, module, version); err != nil {
		return "", err
	}
	out, err := process.Command{Dir: "/", Env: goEnv(), Args: []string{"go", "mod", "download", "-json", module + "@" + version}}.Output(ctx)
	// What went wrong stands in the answer, too, and better.
	var m struct{ Dir, Sum, Error string }
	if json.Unmarshal([]byte(out), &m) == nil && m.Error != "" {
		return "", errors.New(m.Error)
	}
	if err == nil && m.Dir == "" {
		err = fmt.Errorf("go mod download gave no folder for %s@%s", module, version)
	}
	if err != nil {
		return "", err
	}
	return m.Dir, verify(module, version, m.Sum)
}

// build compiles the commands from the module's own folder: that way releases
// whose go.mod says exclude or replace build, too.
func (l *Lab) build(ctx context.Context, p program, source, dir string) error {
	env := goEnv(p.cgo())
	if p.static {
		flags, err := l.seccomp()
		if err != nil {
			return err
		}
		env = append(env, flags...)
	}
	if err := l.compiles.Acquire(ctx, 1); err != nil {
		return err
	}
	defer l.compiles.Release(1)
	return l.progress.work(p.title(), "building", "built", func() error {
		return l.into(dir, func(temp string) error {
			mode, err := l.mode(ctx, p)
			if err != nil {
				return err
			}
			return l.gobuild(ctx, p, source, temp, env, mode)
		})
	})
}

func (l *Lab) gobuild(ctx context.Context, p program, source, dir string, env, mode []string) error {
	log, err := l.openLog(p.folder())
	if err != nil {
		return err
	}
	defer log.Close()
	// The linker strips debug information; not writing it in the first place
	// saves a seventh of the time and gives the same binary.
	args := slices.Concat([]string{"go", "build", "-trimpath", "-gcflags=all=-dwarf=false"}, mode,
		[]string{"-tags", p.tags, "-ldflags", p.ldflags(), "-o", dir + "/"}, p.packages)
	// What a killed compiler leaves behind goes with that folder.
	env = append(env, "GOTMPDIR="+l.path("tmp"))
	return process.Command{Dir: source, Env: env, Args: args, Log: log}.Run(ctx)
}

func (p program) cgo() string {
	if p.static {
		return "CGO_ENABLED=1"
	}
	return "CGO_ENABLED=0"
}

// goSettings are variables of the go command that change what it builds or
// refuse to; the user's proxies and checksum settings stay.
var goSettings = []string{
	"GOFLAGS", "GOTOOLCHAIN", "GOOS", "GOARCH", "GOWORK", "GO111MODULE", "GOEXPERIMENT",
	"CGO_ENABLED", "CGO_CFLAGS", "CGO_LDFLAGS", "GOTMPDIR", "PWD",
}

// goEnv is the environment that the go command runs in.
func goEnv(extra ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(goSettings, name)
	})
	// A release may ask for a newer Go than the one at hand; auto fetches it.
	return slices.Concat(env, []string{"GOFLAGS=-buildvcs=false", "GOTOOLCHAIN=auto", "GOWORK=off", "GO111MODULE=on"}, extra)
}

// into fills a new folder: it appears under its name when fn has succeeded, or
// not at all.
func (l *Lab) into(dir string, fn func(temp string) error) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(l.path("tmp"), filepath.Base(dir)+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if err := fn(temp); err != nil {
		return err
	}
	if err := os.Chmod(temp, 0o755); err != nil {
		return err
	}
	return os.Rename(temp, dir)
}

func (l *Lab) log(name string) string { return l.path("log", name+".log") }

func (l *Lab) openLog(name string) (io.WriteCloser, error) {
	if err := os.MkdirAll(l.path("log"), 0o755); err != nil {
		return nil, err
	}
	return os.Create(l.log(name))
}
