// Package work is what the parts of a lab share while it comes up: each piece
// of work is done once, however many parts wait for it, and a person sees what
// goes on.
package work

import (
	"context"
	"io"
	"sync"
)

// Work runs every named piece of work at most one time, however many ask for
// it; all of them get its result. The first piece that fails stops the others.
type Work struct {
	progress

	// ctx is what all work runs under: work is shared, so it must not end
	// with the one who asked first.
	ctx    context.Context
	cancel context.CancelCauseFunc

	tasksMu sync.Mutex
	tasks   map[string]func() error
}

// New is work that is told of on w; nil means silence.
func New(w io.Writer) *Work {
	return &Work{progress: newProgress(w)}
}

// Run runs fn with nothing done yet: what an earlier call did may be undone by
// now. Its error is the failure that came first, not one that followed from it.
func (w *Work) Run(ctx context.Context, fn func(context.Context) error) error {
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	defer w.cancel(nil)
	w.tasks = map[string]func() error{}
	go w.beat(w.ctx)
	err := fn(w.ctx)
	if cause := context.Cause(w.ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// Do does a piece of work, or waits for the one who does it. It works within
// [Work.Run] only.
func (w *Work) Do(name string, piece func(context.Context) error) error {
	return w.task(name, piece)()
}

func (w *Work) task(name string, piece func(context.Context) error) func() error {
	w.tasksMu.Lock()
	defer w.tasksMu.Unlock()
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
	return task
}
