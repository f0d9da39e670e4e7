package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"builders.test/helpers/proxy"
	"builders.test/helpers/testbed"
	"builders.test/internal/check"
	"builders.test/internal/sabotage"
	"github.com/google/go-containerregistry/pkg/crane"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// mutatedTestbed is the lab with one thing wrong in it.
type mutatedTestbed struct {
	making check.Laboratory
	stderr io.Writer
	// access leads to the lab.
	access testbed.Access
	// buildx and buildkit are the real ones.
	buildx, buildkit string
	// trees is the folder for copies of BuildKit's source, and folder the
	// sabotage's own.
	trees, folder string
}

// trial is the run that must notice.
type trial struct {
	request check.Request
	watch   check.Watch
}

// spoil changes a run to include the sabotage, and returns a function that
// removes it from the lab again.
func (b mutatedTestbed) spoil(ctx context.Context, one sabotage.Sabotage, run *trial) (undo func() error, err error) {
	standing, err := one.Stand(b.access, b.folder)
	back := []func() error{func() error { standing.Close(); return nil }}
	undo = func() error {
		var failed error
		for _, step := range back {
			failed = errors.Join(failed, step())
		}
		return failed
	}
	if err != nil {
		return undo, err
	}
	cell := &run.request.Cell
	run.request.Instead = &standing.Access
	if one.OfBuildx() {
		if cell.Buildx, err = b.plugin(ctx, one); err != nil {
			return undo, err
		}
	}
	if one.Mutation != nil {
		if cell.BuildKit, err = b.mutate(ctx, one); err != nil {
			return undo, err
		}
	}
	if one.Disguise != nil {
		ref, remove, err := b.disguise(*one.Disguise)
		if err != nil {
			return undo, err
		}
		cell.BuildKit, back = ref, append(back, remove)
	}
	if one.Take != nil {
		run.watch.Ready = func() {
			putBack, err := one.Take()
			if putBack != nil {
				back = append(back, putBack)
			}
			if err != nil {
				fmt.Fprintf(b.stderr, "%s: %v\n", one.Name, err)
			}
		}
	}
	return undo, nil
}

// plugin builds the sabotaged buildx.
func (b mutatedTestbed) plugin(ctx context.Context, one sabotage.Sabotage) (string, error) {
	path := filepath.Join(b.folder, "docker-buildx")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", path,
		"-ldflags", fmt.Sprintf("-X main.name=%s -X 'main.path=%s'", one.Name, b.buildx), "./cmd/saboteur")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the plugin that %s: %w: %s", one.Does, err, strings.TrimSpace(string(said)))
	}
	return path, nil
}

// mutate builds the BuildKit with a mutation in it.
func (b mutatedTestbed) mutate(ctx context.Context, one sabotage.Sabotage) (string, error) {
	tree, err := b.tree(ctx)
	if err != nil {
		return "", err
	}
	overlay, err := one.Mutation.Overlay(tree, b.folder)
	if err != nil {
		return "", fmt.Errorf("BuildKit %s cannot be changed so that %s: %w", b.buildkit, one.Does, err)
	}
	return b.making.BuildKitFromSource(ctx, tree, "-overlay="+overlay)
}

// tree returns a copy of the release's source: go refuses overlays in its module cache.
func (b mutatedTestbed) tree(ctx context.Context) (string, error) {
	tree, err := filepath.Abs(filepath.Join(b.trees, "buildkit-"+b.buildkit))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(tree); err == nil {
		return tree, nil
	}
	source, err := b.making.Source(ctx, b.buildkit)
	if err != nil {
		return "", err
	}
	half := tree + ".half"
	err = errors.Join(os.RemoveAll(half), os.CopyFS(half, os.DirFS(source)))
	if err == nil {
		err = os.Rename(half, tree)
	}
	if err != nil {
		return "", fmt.Errorf("copy the source of BuildKit %s: %w", b.buildkit, err)
	}
	return tree, nil
}

// disguise puts an image into the lab's registry, and returns its name and a
// function that removes it.
func (b mutatedTestbed) disguise(d sabotage.Disguise) (ref string, remove func() error, err error) {
	from := d.From
	if from == "" {
		from = "moby/buildkit:" + b.buildkit
	}
	mirror := b.access.Testbed.Mirror.Address
	options := []crane.Option{crane.Insecure, crane.WithPlatform(&v1.Platform{OS: "linux", Architecture: runtime.GOARCH})}
	image, err := crane.Pull(mirror+"/"+from, options...)
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
	there := mirror + "/" + d.As
	options = append(options, crane.WithTransport(proxy.Dial("unix", b.access.Testbed.Mirror.Push)))
	if err := crane.Push(image, there, options...); err != nil {
		return "", nil, err
	}
	return d.As, func() error { return crane.Delete(there, options...) }, nil
}

// made makes a folder if it is missing and returns its absolute path.
func made(folder string) (string, error) {
	path, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	return path, os.MkdirAll(path, 0o755)
}
