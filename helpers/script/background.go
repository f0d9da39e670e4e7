package script

import (
	"errors"
	"fmt"
	"strings"

	"builders.test/helpers/build"
	"github.com/rogpeppe/go-internal/testscript"
)

// start NAME [-until=TEXT] [-on=BUILDER] [flags of docker buildx build ...]
// CONTEXT: starts a build that runs while the script goes on. With -until it
// waits until a step whose name contains TEXT is being executed.
func (r *runner) start(ts *testscript.TestScript, _ negation, args []string) error {
	if len(args) < 2 {
		return errors.New("start needs a name and a context, such as `start long .`")
	}
	name, args := args[0], args[1:]
	if r.running[name] != nil {
		return fmt.Errorf("a build %q was started already", name)
	}
	until, waits := strings.CutPrefix(args[0], "-until=")
	if waits {
		args = args[1:]
	}
	b, args, err := r.prepare(ts, "start "+name, args)
	if err != nil {
		return err
	}
	running := build.Start(r.t, &b, args[len(args)-1], build.Flags(args[:len(args)-1]...))
	r.running[name] = running
	if waits {
		running.Await(r.t, until)
	}
	return nil
}

// finish NAME: waits for a build that was started to end; after that it is the
// last build.
func (r *runner) finish(ts *testscript.TestScript, not negation, args []string) error {
	if len(args) != 1 || r.running[args[0]] == nil {
		return errors.New("finish needs the name of a build that was started")
	}
	last := r.running[args[0]].Wait(r.t)
	delete(r.running, args[0])
	return r.ended(ts, last, not)
}
