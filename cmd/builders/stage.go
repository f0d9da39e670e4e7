package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"builders.test/helpers/front"
	"builders.test/internal/sabotage"
	"github.com/google/go-containerregistry/pkg/crane"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// stage is the lab with one thing in it that is wrong.
type stage struct {
	// folder is the sabotage's own.
	folder string
	// lab are the variables that lead to the lab.
	lab map[string]string
	// buildx and buildkit are the real ones.
	buildx, buildkit string
}

// set changes a run so that the sabotage is in it, and returns what takes it
// out of the lab again.
func (s *selftest) set(ctx context.Context, st stage, one sabotage.Sabotage, run *check) (func() error, error) {
	standing, err := one.Stand(st.lab, st.folder)
	back := []func() error{func() error { standing.Close(); return nil }}
	undo := func() error {
		var failed error
		for _, step := range back {
			failed = errors.Join(failed, step())
		}
		return failed
	}
	if err != nil {
		return undo, err
	}
	run.variables = standing.Variables
	if one.OfBuildx() {
		if run.buildx, err = plugin(ctx, st, one); err != nil {
			return undo, err
		}
	}
	if one.Mutation != nil {
		if run.buildkit, err = s.mutate(ctx, st, one); err != nil {
			return undo, err
		}
	}
	if one.Disguise != nil {
		ref, remove, err := disguise(st, *one.Disguise)
		if err != nil {
			return undo, err
		}
		run.buildkit, back = ref, append(back, remove)
	}
	if one.Take != nil {
		run.ready = func() {
			putBack, err := one.Take()
			if putBack != nil {
				back = append(back, putBack)
			}
			if err != nil {
				fmt.Fprintf(s.stderr, "%s: %v\n", one.Name, err)
			}
		}
	}
	return undo, nil
}

// plugin builds the spoilt buildx.
func plugin(ctx context.Context, st stage, one sabotage.Sabotage) (string, error) {
	path := filepath.Join(st.folder, "docker-buildx")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", path,
		"-ldflags", fmt.Sprintf("-X main.name=%s -X 'main.path=%s'", one.Name, st.buildx), "./cmd/saboteur")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the plugin that %s: %w: %s", one.Does, err, strings.TrimSpace(string(said)))
	}
	return path, nil
}

// mutate builds the BuildKit with a mutation in it.
func (s *selftest) mutate(ctx context.Context, st stage, one sabotage.Sabotage) (string, error) {
	l, err := s.openLab(s.stderr)
	if err != nil {
		return "", err
	}
	tree, err := s.tree(ctx, l, st.buildkit)
	if err != nil {
		return "", err
	}
	overlay, err := one.Mutation.Overlay(tree, st.folder)
	if err != nil {
		return "", fmt.Errorf("BuildKit %s cannot be changed so that %s: %w", st.buildkit, one.Does, err)
	}
	return l.BuildKitFromSource(ctx, tree, "-overlay="+overlay)
}

// tree is a copy of a release's source: go refuses overlays on its own.
func (s *selftest) tree(ctx context.Context, l laboratory, release string) (string, error) {
	tree, err := filepath.Abs(filepath.Join(s.out, "buildkit-"+release))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(tree); err == nil {
		return tree, nil
	}
	source, err := l.Source(ctx, release)
	if err != nil {
		return "", err
	}
	half := tree + ".half"
	err = errors.Join(os.RemoveAll(half), os.CopyFS(half, os.DirFS(source)))
	if err == nil {
		err = os.Rename(half, tree)
	}
	if err != nil {
		return "", fmt.Errorf("copy the source of BuildKit %s: %w", release, err)
	}
	return tree, nil
}

// disguise puts an image into the lab's registry, and returns its name and
// what takes it out again.
func disguise(st stage, d sabotage.Disguise) (ref string, remove func() error, err error) {
	from := d.From
	if from == "" {
		from = "moby/buildkit:" + st.buildkit
	}
	options := []crane.Option{crane.Insecure, crane.WithPlatform(&v1.Platform{OS: "linux", Architecture: runtime.GOARCH})}
	image, err := crane.Pull(st.lab["BUILDERS_MIRROR"]+"/"+from, options...)
	if err != nil {
		return "", nil, err
	}
	if len(d.Files) > 0 {
		files := map[string][]byte{}
		for name, text := range d.Files {
			files[name] = []byte(text)
		}
		layer, err := crane.Layer(files)
		if err != nil {
			return "", nil, err
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			return "", nil, err
		}
	}
	there := st.lab["BUILDERS_MIRROR"] + "/" + d.As
	options = append(options, crane.WithTransport(front.Through("unix", st.lab["BUILDERS_MIRROR_INTAKE"])))
	if err := crane.Push(image, there, options...); err != nil {
		return "", nil, err
	}
	return d.As, func() error { return crane.Delete(there, options...) }, nil
}

// made is the absolute path of a folder that is there afterwards.
func made(folder string) (string, error) {
	path, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	return path, os.MkdirAll(path, 0o755)
}
