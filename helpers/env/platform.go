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
	// unseen are platforms of which only an earlier run has executed a program.
	unseen []string
}

// Executes finds out, by running a program, whether the engine's host can execute
// programs of a platform such as linux/arm64. It keeps the answer, and takes that of an
// earlier run if the engine has not been started since, nor its emulators changed.
func (e *Environment) Executes(ctx context.Context, platform string) error {
	p := &e.platforms
	p.mu.Lock()
	defer p.mu.Unlock()
	if err, ok := p.known[platform]; ok {
		return err
	}
	if p.known == nil {
		p.known = map[string]error{}
	}
	if e.native(platform) {
		p.known[platform] = nil
		return nil
	}
	remembered, emulators := e.memory(ctx), e.emulators()
	if remembered.executes(platform, emulators) {
		p.known[platform] = nil
		p.unseen = append(p.unseen, platform)
		return nil
	}
	err := e.ProbePlatform(ctx, platform)
	p.known[platform] = err
	if err == nil {
		remembered.keepPlatform(platform, emulators)
	}
	return err
}

// stillExecutes runs a program of each platform of which this run has not run one, and
// only relied on another that had.
func (e *Environment) stillExecutes(ctx context.Context) error {
	p := &e.platforms
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.unseen) > 0 {
		if err := e.ProbePlatform(ctx, p.unseen[0]); err != nil {
			return err
		}
		p.unseen = p.unseen[1:]
	}
	return nil
}

func (e *Environment) native(platform string) bool {
	return strings.TrimPrefix(platform, "linux/") == e.Engine.Arch
}

// emulators identifies the emulators of the engine's host; empty if it is another machine.
func (e *Environment) emulators() string {
	if e.Engine.Local() != nil {
		return ""
	}
	return emulators(binfmt)
}

// binfmt is where Linux shows what it runs foreign programs with.
const binfmt = "/proc/sys/fs/binfmt_misc"

// ProbePlatform is [Environment.Executes] without the kept answer.
func (e *Environment) ProbePlatform(ctx context.Context, platform string) error {
	if e.native(platform) {
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
	entries, err := filepath.Glob(filepath.Join(binfmt, "*aarch64*"))
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
