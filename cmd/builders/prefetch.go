package main

import (
	"context"
	"io"
	"sync"

	"builders.test/helpers/subject"
)

// prefetch has the lab make BuildKit releases while specs run that do not need
// them yet. What fails is left to those who need it: they say so.
type prefetch struct {
	openLab func(progress io.Writer) (laboratory, error)

	group  sync.WaitGroup
	cancel context.CancelFunc
}

// start makes the releases one after the other; it may be called once.
func (p *prefetch) start(ctx context.Context, buildkits ...string) {
	if p.cancel != nil {
		return
	}
	ctx, p.cancel = context.WithCancel(ctx)
	p.group.Go(func() {
		l, err := p.openLab(io.Discard)
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
	})
}

// stop ends what is under way; the lab goes on from there another time.
func (p *prefetch) stop() {
	if p.cancel != nil {
		p.cancel()
	}
	p.group.Wait()
}
