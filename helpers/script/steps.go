package script

import (
	"errors"
	"fmt"

	"builders.test/helpers/progress"
	"github.com/rogpeppe/go-internal/testscript"
)

// cached TEXT: in the last build the steps whose name contains TEXT were all
// answered by the cache; with an exclamation mark none was.
func (r *runner) cached(_ *testscript.TestScript, not negation, args []string) error {
	steps, err := r.steps("cached", args)
	if err != nil {
		return err
	}
	for _, step := range steps {
		r.last.MustTell(r.t, step)
		if step.Cached == bool(not) {
			return fmt.Errorf("the step %q was %s", step.Name, map[negation]string{true: "answered by the cache", false: "not answered by the cache"}[not])
		}
	}
	return nil
}

// executed TEXT: in the last build a step whose name contains TEXT really ran;
// with an exclamation mark none did, whether cached or absent.
func (r *runner) executed(_ *testscript.TestScript, not negation, args []string) error {
	if len(args) != 1 {
		return errors.New("executed needs one argument, part of the step's name")
	}
	if r.last == nil {
		return errors.New("nothing was built yet")
	}
	for _, step := range r.last.All(args[0]) {
		if step.Executed() {
			if bool(not) {
				return fmt.Errorf("the step %q was executed", step.Name)
			}
			return nil
		}
	}
	for _, step := range r.last.All(args[0]) {
		r.last.MustTell(r.t, step)
	}
	if bool(not) {
		return nil
	}
	return fmt.Errorf("no step %q was executed", args[0])
}

func (r *runner) steps(command string, args []string) ([]progress.Vertex, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("%s needs one argument, part of the step's name", command)
	}
	if r.last == nil {
		return nil, errors.New("nothing was built yet")
	}
	steps := r.last.All(args[0])
	if len(steps) == 0 {
		return nil, fmt.Errorf("the build has no step %q", args[0])
	}
	return steps, nil
}

// sent <N or >N: how many bytes of the build context were transferred.
func (r *runner) sent(_ *testscript.TestScript, not negation, args []string) error {
	if r.last == nil {
		return errors.New("sent needs a build before it")
	}
	bound, err := parseBound(args)
	if err != nil {
		return fmt.Errorf("sent, in bytes: %w", err)
	}
	sent := r.last.Sent(r.t)
	if bound.holds(sent) == bool(not) {
		return fmt.Errorf("%d bytes of the context were sent", sent)
	}
	return nil
}
