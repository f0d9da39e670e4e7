package lab

import (
	"context"

	"builders.test/lab/engine"
)

// Another returns an engine in a world of its own, which is not one of the lab's; an
// empty store means the default one. Stopping the lab stops it, too.
func (l *Lab) Another(store string, world engine.World) (*engine.Engine, error) {
	return l.engines.In(store, world)
}

// StartEngine starts an engine that [Lab.Another] returned, and compiles what it needs.
func (l *Lab) StartEngine(ctx context.Context, e *engine.Engine) error {
	return explain("starting an engine in a world of its own", l.session(ctx, e.Start))
}
