package env

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"

	"builders.test/helpers/subject"
	"builders.test/helpers/testbed"
	"github.com/docker/docker/client"
)

// Endpoints lists every engine on which a run with this process's variables may
// leave something, starting with the one that the docker command reaches.
func Endpoints() ([]string, error) {
	bed, err := testbed.Given()
	if err != nil {
		return nil, err
	}
	hosts := []string{os.Getenv("DOCKER_HOST")}
	for _, host := range bed.Engines {
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	slices.Sort(hosts[1:])
	return hosts, nil
}

// Reach returns clients of the engines at some endpoints and of the testbed's
// others. The error is about each that does not answer, or about the testbed's
// file; the clients are those of the rest.
func Reach(ctx context.Context, hosts ...string) ([]*client.Client, error) {
	var engines []*client.Client
	var errs []error
	for _, host := range hosts {
		engine, err := reach(ctx, host)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		engines = append(engines, engine)
	}
	bed, err := testbed.Given()
	errs = append(errs, err)
	for _, store := range slices.Sorted(maps.Keys(bed.Engines)) {
		if slices.Contains(hosts, bed.Engines[store]) {
			continue
		}
		engine, err := reach(ctx, bed.Engines[store])
		if err != nil {
			errs = append(errs, testbed.Unanswered(store, err))
			continue
		}
		engines = append(engines, engine)
	}
	return engines, errors.Join(errs...)
}

func reach(ctx context.Context, host string) (*client.Client, error) {
	engine, err := Dial(host)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, ProbeTimeout)
	defer cancel()
	if _, err := engine.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("no Docker Engine answers at %s", host), engine.Close())
	}
	return engine, nil
}

// openTestbed refuses a testbed whose engines do not all answer.
func (e *Environment) openTestbed(ctx context.Context) error {
	engines, err := Reach(ctx, e.Engine.Host)
	for _, engine := range engines {
		err = errors.Join(err, engine.Close())
	}
	return err
}

// otherEngines are those other than the one that the run was opened with.
type otherEngines struct {
	mu      sync.Mutex
	byStore map[string]*Environment
}

// On returns the same run on an engine that has the image store: this one, or the
// testbed's. Everything that belongs to the run (its id, folder, counter and
// subject) is shared.
func (e *Environment) On(ctx context.Context, store string) (*Environment, error) {
	if e.Engine.Store == store {
		return e, nil
	}
	e.others.mu.Lock()
	defer e.others.mu.Unlock()
	if other, ok := e.others.byStore[store]; ok {
		return other, nil
	}
	host, ok := e.Testbed.Engines[store]
	if !ok {
		return nil, fmt.Errorf("the engine has the %s image store, and the testbed has no engine with the %s store", e.Engine.Store, store)
	}
	other, err := e.beside(ctx, host)
	if err != nil {
		return nil, err
	}
	if other.Engine.Store != store {
		return nil, errors.Join(fmt.Errorf("the engine at %s has the %s image store, not %s as the testbed says", host, other.Engine.Store, store), other.Client.Close())
	}
	if e.others.byStore == nil {
		e.others.byStore = map[string]*Environment{}
	}
	e.others.byStore[store] = other
	other.startWatch()
	return other, nil
}

func (e *Environment) beside(ctx context.Context, host string) (*Environment, error) {
	other := &Environment{
		Run: e.Run, Dir: e.Dir, Undo: e.Undo, Out: e.Out, Docker: e.Docker,
		Buildx: e.Buildx, BuildKit: e.BuildKit,
		Testbed: e.Testbed, Driver: e.Driver, Specs: e.Specs, Confirm: e.Confirm, Strict: e.Strict, Keep: e.Keep, settings: e.settings, counter: e.counter, shared: map[string]*once{},
	}
	if err := other.connect(ctx, host); err != nil {
		return nil, err
	}
	if err := other.Fetch(ctx, e.BuildKit.Image); err != nil {
		return nil, errors.Join(fmt.Errorf("BUILDKIT=%s on the engine at %s: %w", e.settings.buildkit, host, err), other.Client.Close())
	}
	return other, nil
}

func (o *otherEngines) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var errs []error
	for _, e := range o.byStore {
		e.watch.end()
		errs = append(errs, e.Client.Close())
	}
	return errors.Join(errs...)
}

// builtInBuildKit is what is known about the engine's own BuildKit.
type builtInBuildKit struct {
	once    sync.Once
	version string
	err     error
}

// openDriver finds out early what the subject's description needs.
func (e *Environment) openDriver(ctx context.Context) error {
	_, err := e.BuildKitVersion(ctx, e.Driver)
	return err
}

// BuildKitVersion returns the version of the BuildKit that builders of a driver
// run: the one under test, or the engine's own with the docker driver.
func (e *Environment) BuildKitVersion(ctx context.Context, driver string) (string, error) {
	if driver != subject.DriverDocker {
		return e.BuildKit.Version, nil
	}
	b := &e.builtIn
	b.once.Do(func() {
		out, err := e.docker(ctx, "buildx", "inspect", "default")
		if err != nil {
			b.err = err
			return
		}
		b.version, b.err = submatch(inspectedBuildKit, out, "docker buildx inspect default")
	})
	return b.version, b.err
}
