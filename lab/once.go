package lab

import (
	"context"
	"sync"
)

// once runs every named piece of work at most one time, however many ask for
// it; all of them get its result. The first piece that fails stops the others.
type once struct {
	// ctx is what all work runs under: work is shared, so it must not end
	// with the one who asked first.
	ctx    context.Context
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	tasks map[string]func() error
}

// newOnce starts a set of work under ctx. end releases what it holds.
func newOnce(ctx context.Context) (o *once, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	return &once{ctx: ctx, cancel: cancel, tasks: map[string]func() error{}}, func() { cancel(nil) }
}

func (o *once) do(name string, work func(context.Context) error) error {
	o.mu.Lock()
	task, ok := o.tasks[name]
	if !ok {
		task = sync.OnceValue(func() error {
			err := work(o.ctx)
			if err != nil {
				o.cancel(err)
			}
			return err
		})
		o.tasks[name] = task
	}
	o.mu.Unlock()
	return task()
}

// reason is what ended the work early, where that was not err itself: the
// failure that came first, not those that followed from it.
func (o *once) reason(err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(o.ctx); cause != nil {
		return cause
	}
	return err
}
