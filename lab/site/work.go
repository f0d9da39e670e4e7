package site

import (
	"context"
	"sync"
)

// work runs every named piece of work at most once, however many ask for it; all
// of them get its result. The first failure stops the other pieces.
type work struct {
	// ctx is the context of all work: work is shared, so it must not end with whoever
	// asked first.
	ctx    context.Context
	cancel context.CancelCauseFunc
	mu     sync.Mutex
	tasks  map[string]func() error
}

// Work runs fn with nothing done yet: what an earlier call did may be undone by
// now. Its error is the first failure, not one that followed from it.
func (s *Site) Work(ctx context.Context, fn func(context.Context) error) error {
	w := &s.work
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	defer w.cancel(nil)
	w.tasks = map[string]func() error{}
	go s.beat(w.ctx)
	err := fn(w.ctx)
	if cause := context.Cause(w.ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// Do does a piece of work, or waits for the caller that does it. It works within
// [Site.Work] only.
func (w *work) Do(name string, piece func(context.Context) error) error {
	w.mu.Lock()
	task, ok := w.tasks[name]
	if !ok {
		task = sync.OnceValue(func() error {
			err := piece(w.ctx)
			if err != nil {
				w.cancel(err)
			}
			return err
		})
		w.tasks[name] = task
	}
	w.mu.Unlock()
	return task()
}
