package janitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"builders.test/helpers/endpoint"
	"builders.test/helpers/env"
	"builders.test/helpers/undo"
	"github.com/distribution/reference"
	"github.com/docker/docker/client"
)

// reapVariable, set to a run's id, makes this program that run's reaper.
const reapVariable = "BUILDERS_REAP"

// Guard is a reaper that watches over a run: a copy of this program that
// removes whatever carries the run's id once the run's process is gone, even
// by kill -9.
type Guard struct {
	run     string
	engines []*client.Client
	before  Inventory
	// saved are the names of images that other runs had saved when this one began,
	// and those that this one has.
	saved       []string
	environment *env.Environment
	pipe        io.Closer
	child       *exec.Cmd
}

// Watch starts the reaper of a run, and notes what was there before.
func Watch(e *env.Environment) (*Guard, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program, to start its reaper: %w", err)
	}
	child := exec.Command(program)
	child.Env = append(withoutRun(os.Environ()), reapVariable+"="+e.Run)
	// Its own session keeps the terminal's Ctrl-C from the reaper.
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	pipe, err := child.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the reaper: %w", err)
	}
	if err := child.Start(); err != nil {
		return nil, fmt.Errorf("start the reaper: %w", err)
	}
	g := &Guard{run: e.Run, pipe: pipe, child: child, environment: e, saved: saved()}
	if g.engines, err = Engines(); err != nil {
		return g, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), sweepTimeout)
	defer cancel()
	if g.before, err = TakeInventory(ctx, g.engines...); err != nil {
		return g, err
	}
	// The first engine is the one that the docker command reaches.
	e.Listed(g.before.images(0))
	return g, nil
}

// Engines returns a client for every engine that this process's variables name; a
// run cannot leave anything elsewhere.
func Engines() ([]*client.Client, error) {
	hosts, err := env.Endpoints()
	if err != nil {
		return nil, err
	}
	var engines []*client.Client
	for _, host := range hosts {
		engine, err := env.Dial(host)
		if err != nil {
			return nil, err
		}
		engines = append(engines, engine)
	}
	return engines, nil
}

// Close removes what the run still owns and lets the reaper go. Its error names
// everything that specs should have removed themselves; what specs share belongs
// to the run and is not their fault. If all is well, the reaper goes on looking for what
// turns up late, and Close does not wait for it.
func (g *Guard) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), sweepTimeout)
	defer cancel()
	g.saved = append(g.saved, saved()...)
	before := g.environment.BeforeRestore(ctx)
	passes := inOrder
	var undone sync.WaitGroup
	if g.environment.WasCut() {
		passes = afterDeath
	} else {
		// Nothing of the run can change anything anymore, so what it changed is undone while
		// what it made is removed. What fails here is tried again before the folder goes.
		undone.Go(func() { _ = undo.All(ctx, g.environment.Dir, handlers()...) })
	}
	left, err := sweep(ctx, g.engines, g.run, passes, env.KeptBy(g.run)...)
	undone.Wait()
	err = errors.Join(before, err)
	left = slices.DeleteFunc(left, func(x Object) bool { return x.Kind == "folder" || x.probe || env.IsShared(x.Name) })
	if len(left) > 0 {
		err = errors.Join(err, fmt.Errorf("the run left %s; they are removed now", join(left)))
	}
	err = errors.Join(err, g.pipe.Close())
	// With a tunnel the reaper waits for this process to end, which serves it.
	if err == nil || g.environment.Engine.Via != "" {
		return errors.Join(err, g.child.Process.Release())
	}
	// It does once more what could not be done.
	return errors.Join(err, g.child.Wait())
}

// Audit is for the very end, when the run has given everything back. Its error
// names what the run left after all, and what it changed that is not its own. Its
// note, which may be empty, names what may not be the run's doing.
func (g *Guard) Audit() (note string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), sweepTimeout)
	defer cancel()
	defer func() {
		for _, engine := range g.engines {
			err = errors.Join(err, engine.Close())
		}
	}()
	after, err := TakeInventory(ctx, g.engines...)
	if err != nil {
		return "", fmt.Errorf("check that everything is as it was: %w", err)
	}
	unrestored, err := g.environment.Unrestored(ctx)
	if err != nil {
		return "", fmt.Errorf("check that images are as they were: %w", err)
	}
	d := Inventory(withoutKept(g.run, after, env.KeptBy(g.run))).Since(g.before, g.run).Without(append(g.saved, saved()...))
	errs := []error{d.Err()}
	for _, ref := range unrestored {
		errs = append(errs, fmt.Errorf("%s still points to the run's image, not to the previous one", ref))
	}
	return d.Note(), errors.Join(errs...)
}

// saved returns the names of images, as an engine lists them, that runs on this
// machine have saved.
func saved() []string {
	var names []string
	for _, folder := range folders() {
		for _, ref := range env.SavedTags(folder.ID) {
			if named, err := reference.ParseNormalizedNamed(ref); err == nil {
				names = append(names, reference.FamiliarString(reference.TagNameOnly(named)))
			}
		}
	}
	return names
}

// BecomeReaper returns at once in an ordinary process. In one that [Watch]
// started it waits for the run to end, removes what the run left, and exits.
func BecomeReaper() {
	run := os.Getenv(reapVariable)
	if run == "" {
		return
	}
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	// The run never writes: the read ends when its process does.
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := reap(run); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

func reap(run string) error {
	ctx, cancel := context.WithTimeout(context.Background(), sweepTimeout)
	defer cancel()
	endProcesses(run)
	tunnel, err := endpoint.ResumeTunnel(ctx, endpoint.FolderOf(run))
	if err != nil {
		return err
	}
	engines, err := Engines()
	if err == nil {
		_, err = sweep(ctx, engines, run, afterDeath, env.KeptBy(run)...)
	}
	return errors.Join(err, tunnel.Remove())
}

// endProcesses kills the commands of a dead run. On systems without /proc they
// end by themselves.
func endProcesses(run string) {
	for _, object := range Of(run, thisMachine.running()) {
		if pid, err := strconv.Atoi(object.ID); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func withoutRun(environ []string) []string {
	return slices.DeleteFunc(environ, func(kv string) bool { return strings.HasPrefix(kv, env.RunVariable+"=") })
}
