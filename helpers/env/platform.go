package env

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/image"
)

type platformCache struct {
	mu    sync.Mutex
	known map[string]error
}

// Executes finds out, by running a program, whether the engine's host can execute
// programs of a platform such as linux/arm64. It keeps the answer.
func (e *Environment) Executes(ctx context.Context, platform string) error {
	e.platforms.mu.Lock()
	defer e.platforms.mu.Unlock()
	if err, ok := e.platforms.known[platform]; ok {
		return err
	}
	err := e.ProbePlatform(ctx, platform)
	if e.platforms.known == nil {
		e.platforms.known = map[string]error{}
	}
	e.platforms.known[platform] = err
	return err
}

// ProbePlatform is [Environment.Executes] without the kept answer.
func (e *Environment) ProbePlatform(ctx context.Context, platform string) error {
	if strings.TrimPrefix(platform, "linux/") == e.Engine.Arch {
		return nil
	}
	ref, err := e.importProbe(ctx, platform)
	defer e.removeProbe(ref)
	if err != nil {
		return fmt.Errorf("make an image that tests %s: %w", platform, err)
	}
	_, err = e.docker(ctx, "run", "--rm", "--network", "none", "--label", RunLabel+"="+e.Run,
		"--platform", platform, ref, "/"+probeName)
	if err != nil {
		return fmt.Errorf("the engine's host cannot run %s: %w; install its emulation (binfmt_misc with qemu-user)", platform, err)
	}
	return nil
}

// removeProbe removes a probe's image; if that fails, the janitor does it.
func (e *Environment) removeProbe(ref string) {
	if ref == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), ProbeTimeout)
	defer cancel()
	_, _ = e.Client.ImageRemove(ctx, ref, image.RemoveOptions{Force: true})
}

// emulation names what executes arm64 programs on this machine, which is the
// engine's host if its socket is local.
func emulation() string {
	entries, err := filepath.Glob("/proc/sys/fs/binfmt_misc/*aarch64*")
	if err != nil || len(entries) == 0 {
		return ""
	}
	content, err := os.ReadFile(entries[0])
	if err != nil {
		return ""
	}
	return describeBinfmt(string(content))
}

// describeBinfmt turns a binfmt_misc entry into "qemu-aarch64-static, flags PF".
func describeBinfmt(entry string) string {
	var interpreter, flags string
	for line := range strings.Lines(entry) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch key {
		case "interpreter":
			interpreter = filepath.Base(value)
		case "flags:":
			flags = value
		}
	}
	if interpreter == "" {
		return ""
	}
	return fmt.Sprintf("%s, flags %s", interpreter, flags)
}

// Fetch makes sure that the engine has an image, and pulls it if necessary. It
// saves the name first, so that the run restores it.
func (e *Environment) Fetch(ctx context.Context, ref string) error {
	if err := e.SaveTag(ctx, ref); err != nil {
		return err
	}
	_, err := e.docker(ctx, "pull", "--quiet", ref)
	if err == nil {
		return nil
	}
	// An image that the user built cannot be pulled from anywhere.
	if _, inspectErr := e.Client.ImageInspect(ctx, ref); inspectErr == nil {
		return nil
	}
	return e.explained(ctx, ref, err)
}
