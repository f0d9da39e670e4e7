// Package uses finds what a project's files use of buildx, BuildKit and the Dockerfile
// language: flags, instructions, attributes of outputs and caches, variables.
package uses

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Kind says where an item belongs.
type Kind string

const (
	// Command is a command of buildx, or docker build, and Flag one of its flags.
	Command Kind = "command"
	// Flag is named with its command: "build --platform".
	Flag Kind = "flag"
	// Driver is a driver of builders, and DriverOption an option of a driver.
	Driver Kind = "driver"
	// DriverOption is what --driver-opt sets.
	DriverOption Kind = "driver option"
	// Output, Cache and Attestation are types with their attributes: "image push".
	Output Kind = "output"
	// Cache is a cache backend, with the direction: "to registry mode".
	Cache Kind = "cache"
	// Attestation is what --attest, --provenance and --sbom ask for.
	Attestation Kind = "attestation"
	// Instruction is one of a Dockerfile, with a flag or a mount's option.
	Instruction Kind = "Dockerfile"
	// Argument is a build argument that BuildKit or the frontend knows.
	Argument Kind = "build argument"
	// Variable is an environment variable of docker, buildx or BuildKit.
	Variable Kind = "variable"
	// Bake is a block or a field of a bake file, and Compose one of a compose file.
	Bake Kind = "bake file"
	// Compose is a field of a service's build section.
	Compose Kind = "compose file"
	// Daemon is a key of buildkitd.toml.
	Daemon Kind = "buildkitd.toml"
)

// Item is one thing that people write: the flag --platform of build, RUN --mount=type=cache.
type Item struct {
	Kind Kind   `json:"kind"`
	Name string `json:"name"`
}

// String is the kind and the name.
func (i Item) String() string { return string(i.Kind) + " " + i.Name }

// Use is a place where an item is used.
type Use struct {
	Item
	File string `json:"file"`
	// Line counts from one.
	Line int `json:"line"`
}

// Place is file:line.
func (u Use) Place() string { return fmt.Sprintf("%s:%d", u.File, u.Line) }

// Unread is a file that looks like one that is read, but cannot be.
type Unread struct {
	File string
	Err  error
}

// Error is the file and the reason.
func (u Unread) Error() string { return u.File + ": " + u.Err.Error() }

// Unwrap returns the reason.
func (u Unread) Unwrap() error { return u.Err }

// ErrNothing is the error of a path where nothing is built.
var ErrNothing = errors.New("no Dockerfile, bake file, compose file, workflow or script that builds")

// Read reads a file, or every file of a folder that may build something. Files that
// cannot be read are returned as [Unread]; the others are read all the same.
func Read(path string) ([]Use, []Unread, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	var found finder
	if !info.IsDir() {
		found.file(path)
	} else if err := filepath.WalkDir(path, found.visit); err != nil {
		return nil, nil, err
	}
	if found.files == 0 && len(found.unread) == 0 {
		return nil, nil, fmt.Errorf("%s: %w", path, ErrNothing)
	}
	return found.uses, found.unread, nil
}

type finder struct {
	files  int
	uses   []Use
	unread []Unread
}

// Others are folders with what the project did not write.
var Others = []string{".git", "node_modules", "vendor", "third_party"}

func (f *finder) visit(path string, entry fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return err
	case entry.IsDir() && slices.Contains(Others, entry.Name()):
		return filepath.SkipDir
	case entry.Type().IsRegular():
		f.file(path)
	}
	return nil
}

// Largest is the largest file that is read, in bytes; what people write is smaller.
const Largest = 1 << 20

func (f *finder) file(path string) {
	read := readerOf(path)
	if read == nil {
		return
	}
	if info, err := os.Stat(path); err != nil || info.Size() > Largest {
		return
	}
	content, err := os.ReadFile(path)
	if err == nil {
		var uses []Use
		uses, err = read(content)
		for i := range uses {
			uses[i].File = path
		}
		f.uses = append(f.uses, uses...)
	}
	if err != nil {
		f.unread = append(f.unread, Unread{File: path, Err: err})
		return
	}
	f.files++
}

// reader returns what a file uses; the uses have no file yet.
type reader func(content []byte) ([]Use, error)

// noDockerfile are the endings of files that are beside a Dockerfile, or from which one is made.
var noDockerfile = []string{".dockerignore", ".tmpl", ".template", ".tpl", ".j2", ".in", ".erb", ".md", ".txt", ".sh", ".yml", ".yaml", ".json", ".go", ".py"}

// IsDockerfile reports whether a file's name is one that Dockerfiles have.
func IsDockerfile(name string) bool {
	ext := filepath.Ext(name)
	return name == "Dockerfile" || name == "Containerfile" || strings.EqualFold(ext, ".Dockerfile") ||
		strings.HasPrefix(name, "Dockerfile.") && !slices.Contains(noDockerfile, ext)
}

// readerOf returns the reader for a file, by its name; nil for other files.
func readerOf(path string) reader {
	name, ext := filepath.Base(path), filepath.Ext(path)
	yaml := ext == ".yml" || ext == ".yaml"
	switch {
	case IsDockerfile(name):
		return Dockerfile
	case ext == ".hcl":
		return BakeFile
	case strings.HasPrefix(name, "docker-bake") && ext == ".json":
		return bakeJSON
	case yaml && (strings.HasPrefix(name, "compose") || strings.HasPrefix(name, "docker-compose")):
		return ComposeFile
	case yaml && (strings.Contains(filepath.ToSlash(path), ".github/workflows/") || name == "action.yml" || name == "action.yaml"):
		return Workflow
	case yaml && strings.HasPrefix(name, ".gitlab-ci"):
		return GitLab
	case name == "buildkitd.toml":
		return DaemonConfig
	case ext == ".sh", ext == ".bash":
		return Shell
	case name == "Makefile", name == "GNUmakefile", ext == ".mk", name == "justfile":
		return Makefile
	}
	return nil
}

// Items returns the different items of some uses, by kind and name.
func Items(uses []Use) []Item {
	seen := map[Item]bool{}
	for _, u := range uses {
		seen[u.Item] = true
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b Item) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name))
	})
}
