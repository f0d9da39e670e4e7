package spec

import (
	"runtime/debug"
	"time"
)

// grace is how long a part of a try may go on after the claim's deadline. Clean-ups
// have a minute of their own.
const grace = 3 * time.Minute

// guard runs a part of the try in its own goroutine, which a failure may end. It
// turns a panic, an end for no reason, and a part that does not end into an error of
// the spec, so that the other claims still get a verdict.
func (t *T) guard(part func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		returned := false
		defer func() {
			switch cause := recover(); {
			case cause != nil:
				t.errored("the spec itself panicked: %v", cause)
				t.Errorf("the spec itself panicked: %v\n%s", cause, debug.Stack())
			case !returned && !t.Failed():
				t.atFault("the spec ended early without failing its own T: it used another test's")
			}
		}()
		part()
		returned = true
	}()
	left := grace
	if t.ctx != nil {
		deadline, _ := t.ctx.Deadline()
		left += max(time.Until(deadline), 0)
	}
	select {
	case <-done:
	case <-time.After(left):
		t.atFault("the spec did not end within %s of the claim's deadline", grace)
		t.abandoned.Store(true)
	}
}

// atFault records a mistake of the spec: the verdict is error, and nothing is known
// about the claim.
func (t *T) atFault(format string, args ...any) {
	t.errored(format, args...)
	t.Errorf(format, args...)
}
