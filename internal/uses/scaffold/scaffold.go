// Package scaffold writes a user's first scripts: for a Dockerfile, for the targets of a bake
// file, for the services of a compose file, or for all that it finds in a folder.
package scaffold

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/script"
	"builders.test/internal/uses"
)

// Printer runs `docker buildx bake` with arguments in a folder and returns what it printed.
type Printer func(ctx context.Context, dir string, args ...string) ([]byte, error)

// ErrNothing is the error of a folder in which nothing is built.
var ErrNothing = errors.New("no Dockerfile, bake file or compose file")

// Written is what Init did.
type Written struct {
	// Files are the scripts.
	Files []string
	// Unread are the files that could not be read; nothing was written for them.
	Unread []error
	// BuildKit is the release that the project pins, or empty.
	BuildKit string
}

// Init writes scripts for what is built at a path into the folder dir, which it makes if
// necessary. It replaces nothing.
func Init(ctx context.Context, path, dir string, bake Printer) (Written, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Written{}, fmt.Errorf("init needs a Dockerfile, a bake file, a compose file or a folder with some: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return Written{}, err
	}
	p := project{bake: bake, root: path}
	if info.IsDir() {
		err = p.search(ctx)
	} else {
		p.root = filepath.Dir(path)
		err = p.file(ctx, path)
	}
	if err != nil {
		return Written{}, err
	}
	if len(p.targets) == 0 && len(p.unread) == 0 {
		return Written{}, fmt.Errorf("%s: %w", path, ErrNothing)
	}
	files, err := p.write(dir)
	return Written{Files: files, Unread: p.unread, BuildKit: Pinned(p.root)}, err
}

// project is what was found so far.
type project struct {
	bake    Printer
	root    string
	targets []target
	// covered are the Dockerfiles that a bake or compose file builds.
	covered []string
	unread  []error
}

// others are folders with what the project did not write, or does not build.
var others = append(slices.Clone(uses.Others), "testdata")

// search finds what a folder builds: bake files first, then compose files, then Dockerfiles
// that neither of them builds.
func (p *project) search(ctx context.Context) error {
	var bakes, composes, dockerfiles []string
	err := filepath.WalkDir(p.root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(others, entry.Name()):
			return filepath.SkipDir
		case !entry.Type().IsRegular():
		case isBakeFile(entry.Name()):
			bakes = append(bakes, path)
		case isComposeFile(entry.Name()):
			composes = append(composes, path)
		case isDockerfile(entry.Name()):
			dockerfiles = append(dockerfiles, path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, path := range slices.Concat(bakes, composes, dockerfiles) {
		if slices.Contains(p.covered, path) {
			continue
		}
		if err := p.file(ctx, path); err != nil {
			p.unread = append(p.unread, err)
		}
	}
	return nil
}

// file adds what one file builds.
func (p *project) file(ctx context.Context, path string) error {
	var err error
	switch name := filepath.Base(path); {
	case isBakeFile(name) || filepath.Ext(name) == ".hcl":
		err = p.bakeFile(ctx, path)
	case isComposeFile(name):
		err = p.composeFile(ctx, path)
	default:
		err = p.dockerfile(path)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func (p *project) dockerfile(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	r, err := readRecipe(content, "")
	if err != nil {
		return err
	}
	context, certain := contextOf(path, r)
	p.targets = append(p.targets, target{
		name: nameOf(path), file: path, recipe: r, platforms: []string{"linux/amd64", "linux/arm64"}, context: context, guessed: !certain,
	})
	return nil
}

// nameOf is what a script about a Dockerfile is called: lint for lint.Dockerfile, dev for
// Dockerfile.dev, and else the folder.
func nameOf(path string) string {
	base := filepath.Base(path)
	if name, is := strings.CutPrefix(base, "Dockerfile."); is {
		return name
	}
	if ext := filepath.Ext(base); strings.EqualFold(ext, ".Dockerfile") {
		return strings.TrimSuffix(base, ext)
	}
	return filepath.Base(filepath.Dir(path))
}

// write writes a script for each target, all of them or none.
func (p *project) write(dir string) ([]string, error) {
	specs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	var paths []string
	for _, one := range p.targets {
		path := p.free(specs, one, texts)
		text, err := one.script(specs)
		if err != nil {
			return nil, err
		}
		texts[path], paths = text, append(paths, path)
	}
	for _, path := range paths {
		if exists(path) {
			return nil, fmt.Errorf("%s already exists; name another folder with --specs, or remove it", path)
		}
	}
	if err := os.MkdirAll(specs, 0o755); err != nil {
		return nil, fmt.Errorf("SPECS=%s cannot be created: %w", dir, err)
	}
	for _, path := range paths {
		if err := create(path, texts[path]); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// free returns a path for a target's script that no other target has.
func (p *project) free(specs string, t target, taken map[string]string) string {
	names := []string{t.name}
	if folder := filepath.Base(filepath.Dir(t.file)); folder != t.name {
		names = append(names, folder+"-"+t.name)
	}
	for _, name := range names {
		if path := filepath.Join(specs, script.Slug(name)+script.Suffix); taken[path] == "" {
			return path
		}
	}
	for n := 2; ; n++ {
		if path := filepath.Join(specs, fmt.Sprintf("%s-%d%s", script.Slug(names[len(names)-1]), n, script.Suffix)); taken[path] == "" {
			return path
		}
	}
}

func create(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write the script: %w", err)
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}
