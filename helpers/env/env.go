// Package env opens the environment that specs run in: the Docker Engine, the buildx
// plugin and the BuildKit image under test, and a private place for everything that a
// run creates. It reads them from the process's variables, so the same specs run on a
// laptop, a CI runner or a testbed that was made for them:
//
//	BUILDKIT           the BuildKit under test: a release (v0.11.5), latest,
//	                   or an image reference
//	BUILDX             the buildx under test: a path to the plugin
//	SPECS              a folder with scripts of the user's own
//	OUT                where evidence and reports go; build/check by default
//	CONFIRM            how often a claim that failed is retried; 3 by default
//	KEEP               1 leaves the builders and files of a claim that fails
//	BUILDERS_CLEAN     1 removes what such and dead runs left, and proves nothing
//	STRICT             1 makes unsteady claims and known faults fail the run
//	DRIVER             the driver of builders if a claim leaves it open:
//	                   docker-container (default), docker or remote
//	DOCKER_HOST, …     the engine, as the docker command finds it
//	BUILDERS_TESTBED   the file that describes what else there is; see
//	                   [testbed.Testbed]
package env

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"builders.test/helpers/endpoint"
	"builders.test/helpers/subject"
	"builders.test/helpers/testbed"
	"builders.test/helpers/undo"
	"builders.test/helpers/usage"
	"github.com/docker/docker/client"
	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"
)

// Prefix begins every name that a run creates; the run's id follows it.
const Prefix = "builders-"

// RunLabel is the label, with the run's id as its value, of every container that
// a run starts itself, and of images without a name to carry the id. buildx sets
// no labels: its containers are known by name.
const RunLabel = "builders.run"

// RunVariable is the environment variable that holds the run's id in every
// command of a run.
const RunVariable = "BUILDERS_RUN"

// NodePrefix begins the names of the containers that buildx makes, and of their
// state volumes; the name of the builder's node follows it.
const NodePrefix = "buildx_buildkit_"

// Environment is opened once, in TestMain, and shared by all specs.
type Environment struct {
	// Run is the run's id: eight hexadecimal digits.
	Run string
	// Dir is the run's private folder; it is gone after Close.
	Dir string
	// Out is the absolute folder for evidence and reports.
	Out string
	// Docker is the path of the docker command.
	Docker string
	// Engine is the Docker Engine that everything runs on.
	Engine Engine
	// Client talks to the engine.
	Client *client.Client
	// Buildx is the plugin under test.
	Buildx Buildx
	// BuildKit is the BuildKit under test.
	BuildKit subject.BuildKit
	// Testbed is what there is besides the engine.
	Testbed testbed.Testbed
	// Driver is the driver of builders if a claim leaves it open.
	Driver string
	// Specs is the folder with the user's own scripts, or empty.
	Specs string
	// Confirm is how often a claim that failed is retried.
	Confirm int
	// Places is how many claims may be tested at the same time.
	Places int
	// Undo takes the notes about what to undo when the run ends or has died.
	Undo *undo.Log
	// Strict reports whether unsteady claims and known faults fail the run, too.
	Strict bool
	// Keep leaves the builders and files of a claim that fails.
	Keep bool

	settings  settings
	counter   *atomic.Int64
	lock      *flock.Flock
	platforms platformCache
	saving    sync.Mutex
	saved     []savedTag
	others    otherEngines
	builtIn   builtInBuildKit
	watch     watch
	usage     *usage.Recorder
	// listed are the images that the engine had before the run made any; nil once it has.
	listed []string
	// unseen reports whether the BuildKit under test has not run yet in this run.
	unseen atomic.Bool
	// cut reports whether a request of the run was ended before it was answered.
	cut atomic.Bool
	// configs are the lines for buildkitd.toml of each builder, by its name.
	configs sync.Map
	// tunnel leads to an engine that only the docker command can reach; nil to others. It
	// ends with the process: the engine is still looked at when all else has ended, and
	// the reaper takes it over then.
	tunnel *endpoint.Tunnel

	sharedMu sync.Mutex
	shared   map[string]*once
}

// Open reads the variables, reaches the engine and makes sure of the subject. An
// error is one line that says what was tried and what to do; nothing is left
// behind then. It calls watch before it makes anything on the engine, so that a
// run that is killed while it opens is cleaned up, too.
func Open(ctx context.Context, watch func(*Environment) error, options ...Option) (*Environment, error) {
	s, err := readSettings(options)
	if err != nil {
		return nil, err
	}
	e := &Environment{
		Out: s.out, Testbed: s.testbed, Driver: s.driver, Specs: s.specs,
		Confirm: s.confirm, Strict: s.strict, Keep: s.keep, settings: s, counter: new(atomic.Int64), shared: map[string]*once{},
	}
	for _, step := range []func(context.Context) error{
		e.openDir, e.openEngine, e.openTestbed,
		func(context.Context) error { e.startUsage(); return nil },
		// Until all that is there has been noted, only the plugin is looked at.
		together(func(context.Context) error { return watch(e) }, e.openBuildx),
		e.openBuildKit, e.openDriver, e.writeSubject,
		func(context.Context) error { e.startWatch(); return nil },
	} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, e.abandon())
		}
	}
	return e, nil
}

// together takes steps at the same time, and waits for all of them even if one fails.
func together(steps ...func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		var work errgroup.Group
		for _, step := range steps {
			work.Go(func() error { return step(ctx) })
		}
		return work.Wait()
	}
}

// New returns an environment without opening anything, for tests of helpers.
func New() *Environment {
	return &Environment{settings: settings{repro: goTest}, counter: new(atomic.Int64), shared: map[string]*once{}}
}

// openDir makes the run's folder and takes its lock: while the lock is held,
// whatever carries the run's id belongs to a live run.
func (e *Environment) openDir(context.Context) error {
	id := make([]byte, 4)
	if _, err := rand.Read(id); err != nil {
		return fmt.Errorf("draw a run id: %w", err)
	}
	e.Run = hex.EncodeToString(id)
	dir, lock, err := makeDir(e.Run)
	if err != nil {
		return err
	}
	e.Dir, e.lock, e.Undo = dir, lock, undo.NewLog(dir)
	return e.writeDockerConfig()
}

// makeDir makes a run's folder under another name and renames it once it is locked: no
// other run may see it unlocked and consider the run dead.
func makeDir(run string) (dir string, lock *flock.Flock, err error) {
	dir = FolderOf(run)
	unseen := filepath.Join(os.TempDir(), "new-"+Prefix+run)
	if err := os.Mkdir(unseen, 0o700); err != nil {
		return "", nil, fmt.Errorf("create the run's folder: %w; set TMPDIR to a writable folder", err)
	}
	lock = flock.New(LockFile(unseen))
	held, err := lock.TryLock()
	if err == nil && !held {
		err = errors.New("another process holds it")
	}
	if err == nil {
		err = os.Rename(unseen, dir)
	}
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("lock the run's folder %s: %w", dir, err), lock.Unlock(), os.RemoveAll(unseen))
	}
	return dir, lock, nil
}

// LockFile returns the path of the file in a run's folder that a live run holds locked.
func LockFile(dir string) string { return filepath.Join(dir, "owner.lock") }

// Name returns a name for something that the run creates. It carries the run's
// id, so that the thing can be found and removed whatever happens, and is never
// given out twice.
func (e *Environment) Name(label string) string {
	return fmt.Sprintf("%s%s-%s-%d", Prefix, e.Run, label, e.counter.Add(1))
}

// SharedName returns a name for something that several specs use, so that no spec
// removes it: it is removed when the run ends.
func (e *Environment) SharedName() string { return e.Name(sharedLabel) }

const sharedLabel = "shared"

// IsShared reports whether a name, or one that buildx made from it, came from
// [Environment.SharedName].
func IsShared(name string) bool { return strings.Contains(name, "-"+sharedLabel+"-") }

// Image returns a reference for an image that the run creates. Its registry is a
// reserved name (RFC 2606), so the reference can never be pulled or pushed by
// mistake.
func (e *Environment) Image(label string) string {
	return ImagePrefix(e.Run) + fmt.Sprintf("%s:%d", label, e.counter.Add(1))
}

// SharedImage is [Environment.Image] for an image that several specs use, so that
// no spec removes it: it is removed when the run ends.
func (e *Environment) SharedImage(label string) string {
	return e.Image("the-" + sharedLabel + "-" + label)
}

// ImagePrefix begins the reference of every image that a run loads.
func ImagePrefix(run string) string { return imagePlace + run + "/" }

// imagePlace begins the references of all runs' images.
const imagePlace = "images.invalid/" + Prefix

// Close gives back what Open took, except for the run's folder: the janitor
// removes that with everything that the run made. If the folder stays because an
// engine was gone, it also says whose the remaining things are.
func (e *Environment) Close() error {
	e.watch.end()
	e.usage.Stop()
	errs := []error{e.others.close()}
	if e.Client != nil {
		errs = append(errs, e.Client.Close())
	}
	if e.lock != nil {
		errs = append(errs, e.lock.Unlock())
	}
	return errors.Join(errs...)
}

// abandon is for an environment that could not be opened: the run has not made
// anything that others would look for.
func (e *Environment) abandon() error {
	if e.tunnel != nil {
		defer func() { _ = e.tunnel.Remove() }()
	}
	if e.Dir == "" {
		return e.Close()
	}
	err := e.restoreTags()
	if err == nil {
		err = os.RemoveAll(e.Dir)
	}
	return errors.Join(err, e.Close())
}

func (e *Environment) restoreTags() error {
	return undo.All(context.Background(), e.Dir, TagHandler())
}

// once is a value that the first of several specs makes and all of them share.
type once struct {
	sync.Once
	value any
	err   error
}

// Shared returns the value kept under key, making it on first use. Specs that ask
// while it is being made wait for it, and get its error if that failed; the next
// one tries again, since the cause may be gone.
func Shared[V any](e *Environment, key string, construct func() (V, error)) (V, error) {
	e.sharedMu.Lock()
	if e.shared == nil {
		e.shared = map[string]*once{}
	}
	o, ok := e.shared[key]
	if !ok {
		o = &once{err: errors.New("the spec that was making it ended")}
		e.shared[key] = o
	}
	e.sharedMu.Unlock()
	o.Do(func() { o.value, o.err = construct() })
	if o.err == nil {
		return o.value.(V), nil
	}
	e.sharedMu.Lock()
	defer e.sharedMu.Unlock()
	if e.shared[key] == o {
		delete(e.shared, key)
	}
	var none V
	return none, o.err
}
