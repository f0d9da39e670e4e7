package check

import (
	"context"
	"io"
	"sync"

	"builders.test/helpers/subject"
)

// Prefetch has the lab make BuildKit releases while specs run that do not need
// them yet. What fails is left to those who need it: they say so.
type Prefetch struct {
	// Start begins with it; all calls but the first do nothing.
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

// Stop ends what is under way; the lab goes on from there another time.
func (p *Prefetch) Stop() {
	p.cancel()
	p.group.Wait()
}
