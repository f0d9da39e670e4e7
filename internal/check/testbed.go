package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/helpers/testbed"
	"builders.test/internal/existing"
	"builders.test/lab"
)

// Laboratory is what runs need from the lab.
type Laboratory interface {
	Up(ctx context.Context, wanted lab.Wanted) error
	EnsureBuildKit(ctx context.Context, release string) error
	BuildKitFromSource(ctx context.Context, dir string, flags ...string) (string, error)
	Source(ctx context.Context, release string) (string, error)
	Buildx(ctx context.Context, release string) (string, error)
	Compose(ctx context.Context) error
	Access(store string) (testbed.Access, error)
	TestbedFile() string
}

func theLab(progress io.Writer) (Laboratory, error) {
	return lab.Open(lab.Options{Progress: progress})
}

// preparedTestbed is where a run takes place, and the subject for it.
type preparedTestbed struct {
	// about says in one line which engine it is.
	about string
	// buildkit and buildx are what the specs take; buildx may be empty.
	buildkit, buildx string
	// standIns says what takes the place of each image that the testbed replaces.
	standIns map[string]string
	// lab leads to the lab; nil on another engine.
	lab *testbed.Access
}

// findTestbed uses the engine that is there, and the lab only if there is none.
func (p Project) findTestbed(ctx context.Context, r parsed, w Watch) (preparedTestbed, error) {
	if r.InLab || p.ledToLab() {
		return p.inLab(ctx, r, w)
	}
	found, err := existing.Find(ctx)
	if errors.Is(err, existing.ErrNone) {
		return p.inLab(ctx, r, w)
	}
	if err != nil {
		return preparedTestbed{}, err
	}
	return p.on(ctx, found, r)
}

// ledToLab reports whether the variables of `builders lab env` are set. The engine
// that they lead to is the lab's and may be down.
func (p Project) ledToLab() bool {
	file := os.Getenv(testbed.Variable)
	if file == "" {
		return false
	}
	l, err := p.OpenLab(io.Discard)
	return err == nil && l.TestbedFile() == file
}

// on uses an engine of the user's, untouched.
func (p Project) on(ctx context.Context, found existing.Engine, r parsed) (preparedTestbed, error) {
	if r.buildkit.Source != "" {
		return preparedTestbed{}, fmt.Errorf("BUILDKIT=%s is a source tree, which only the lab can build for now, but the engine at %s would be used; name an image built from it", r.Cell.BuildKit, found.Host)
	}
	if err := rightStore(ctx, found, r.cell.Store); err != nil {
		return preparedTestbed{}, err
	}
	described, err := testbed.Given()
	if err != nil {
		return preparedTestbed{}, err
	}
	bed := preparedTestbed{
		standIns: described.StandIns,
		about:    fmt.Sprintf("%s at %s, which was already running", found.Version, found.Host),
		buildkit: r.buildkit.Ref, buildx: r.buildx.Path,
	}
	if r.buildx.Release == "" {
		return bed, nil
	}
	l, err := p.OpenLab(p.Stderr)
	if err != nil {
		return preparedTestbed{}, err
	}
	bed.buildx, err = l.Buildx(ctx, r.buildx.Release)
	return bed, err
}

// rightStore refuses an engine whose image store is not the chosen one.
func rightStore(ctx context.Context, found existing.Engine, chosen string) error {
	if chosen == "" {
		return nil
	}
	store, err := existing.StoreOf(ctx, found)
	if err != nil || store == chosen {
		return err
	}
	return fmt.Errorf("STORE=%s: the engine at %s has the %s store; leave STORE out, or set DOCKER_HOST to an engine with that store",
		chosen, found.Host, store)
}

// inLab brings the lab up and has it make the subject.
func (p Project) inLab(ctx context.Context, r parsed, w Watch) (preparedTestbed, error) {
	l, err := p.OpenLab(p.Stderr)
	if err != nil {
		return preparedTestbed{}, err
	}
	var wanted lab.Wanted
	if release, ok := r.buildkit.Release(); ok {
		wanted.BuildKits = append(wanted.BuildKits, release)
	}
	if err := l.Up(ctx, wanted); err != nil {
		return preparedTestbed{}, err
	}
	if w.Ready != nil {
		w.Ready()
	}
	bed := preparedTestbed{buildkit: r.buildkit.Ref, buildx: r.buildx.Path}
	if r.buildkit.Source != "" {
		if bed.buildkit, err = l.BuildKitFromSource(ctx, r.buildkit.Source); err != nil {
			return preparedTestbed{}, err
		}
	}
	if r.buildx.Release != "" {
		if bed.buildx, err = l.Buildx(ctx, r.buildx.Release); err != nil {
			return preparedTestbed{}, err
		}
	}
	if p.Book.Needs(claim.Compose) {
		if err := l.Compose(ctx); err != nil {
			return preparedTestbed{}, err
		}
	}
	access, err := l.Access(r.cell.Store)
	if err != nil {
		return preparedTestbed{}, err
	}
	if r.Instead != nil {
		access = *r.Instead
	}
	bed.lab, bed.standIns = &access, access.Testbed.StandIns
	bed.about = "the lab's, at " + access.DockerHost
	return bed, nil
}

// environ returns the environment of the test process: that of this process, with
// the testbed's variables and the given ones in place of the user's.
func (b preparedTestbed) environ(given map[string]string) []string {
	set := map[string]string{"BUILDKIT": b.buildkit, "BUILDX": b.buildx}
	maps.Copy(set, given)
	if b.lab != nil {
		// They belong to an engine that is not used.
		for _, name := range []string{"DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"} {
			set[name] = ""
		}
		maps.Copy(set, b.lab.Variables())
	}
	environ := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		_, replaced := set[name]
		return replaced
	})
	for name, value := range set {
		if value != "" {
			environ = append(environ, name+"="+value)
		}
	}
	slices.Sort(environ)
	return environ
}

// Prefetch has the lab make BuildKit releases while specs run that do not need
// them yet. It ignores failures: the run that needs the release reports them.
type Prefetch struct {
	// Start starts it; all calls but the first do nothing.
	Start func()

	group  sync.WaitGroup
	cancel context.CancelFunc
}

// Prefetch is for the releases among some words of BUILDKIT, one after the other.
func (w Workspace) Prefetch(ctx context.Context, buildkits ...string) *Prefetch {
	p := &Prefetch{}
	ctx, p.cancel = context.WithCancel(ctx)
	p.Start = sync.OnceFunc(func() { p.group.Go(func() { w.fetch(ctx, buildkits) }) })
	return p
}

func (w Workspace) fetch(ctx context.Context, buildkits []string) {
	l, err := w.OpenLab(io.Discard)
	if err != nil {
		return
	}
	for _, text := range buildkits {
		wanted, err := subject.ParseBuildKit(text)
		if err != nil {
			continue
		}
		if release, ok := wanted.Release(); ok && ctx.Err() == nil {
			_ = l.EnsureBuildKit(ctx, release)
		}
	}
}

// Stop ends what is under way; the lab continues from there another time.
func (p *Prefetch) Stop() {
	p.cancel()
	p.group.Wait()
}
