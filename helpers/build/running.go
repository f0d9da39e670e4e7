package build

import (
	"strings"
	"time"

	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/image"
	"builders.test/helpers/internal/poll"
	"builders.test/helpers/progress"
	"builders.test/helpers/spec"
	"builders.test/helpers/subject"
)

// awaitPause is the time between two looks at a running build's progress.
const awaitPause = 20 * time.Millisecond

// Running is a build that has started.
type Running struct {
	builder string
	command *cli.Running
	args    []string
}

// Start starts to build the context folder on a builder and returns while the
// build runs. If the spec ends first, the build is interrupted. The docker driver
// makes an image of every result: if the options neither name the result nor send
// it anywhere, it gets a name of the run.
func Start(t *spec.T, b *builder.Builder, context string, options ...Option) *Running {
	if b.Driver == subject.DriverDocker && !named(options) {
		options = append(options, Tag(image.New(t, "unnamed")))
	}
	r := start(t, b.Config, context, append([]Option{flag("--builder", b.Name)}, options...))
	r.builder = b.Name
	return r
}

func start(t *spec.T, config cli.Config, context string, options []Option) *Running {
	return begin(t, config, "build", context, options)
}

// begin starts a buildx command that builds; target is its last argument.
func begin(t *spec.T, config cli.Config, verb, target string, options []Option) *Running {
	args := arguments(verb, target, options)
	return &Running{args: args, command: config.Start(t, args...)}
}

func arguments(verb, target string, options []Option) []string {
	args := append([]string{"buildx", verb, "--progress=rawjson"}, Words(options...)...)
	return append(args, target)
}

// Await waits until the build executes a step whose name contains the text. The
// claim fails if the build ends first.
func (r *Running) Await(t *spec.T, text string) {
	err := poll.Until(t.Context(), awaitPause, func() (bool, error) {
		if r.executes(t, text) {
			return true, nil
		}
		select {
		case <-r.command.Ended():
			t.Fatalf("the build ended without waiting at a step %q: %s", text, r.Wait(t).FailureMessage())
		default:
		}
		return false, nil
	})
	if err != nil {
		t.Fatalf("the build did not start the step %q before the claim's deadline", text)
	}
}

func (r *Running) executes(t *spec.T, text string) bool {
	v, found := progressOf(t, r.command.Stderr()).Find(text)
	return found && v.Executing()
}

// Wait waits for the build to end and returns its result, whatever it is.
func (r *Running) Wait(t *spec.T) *Result {
	command := r.command.Wait(t)
	told := progressOf(t, command.Stderr())
	for _, image := range told.Images() {
		t.Uses(image)
	}
	result := &Result{Progress: told, Command: command, args: r.args, builder: r.builder}
	result.tell(t)
	return result
}

// MustWait waits for the build to end and fails the claim if the build does not
// succeed.
func (r *Running) MustWait(t *spec.T) *Result {
	result := r.Wait(t)
	result.MustSucceed(t)
	return result
}

func progressOf(t *spec.T, text string) progress.Progress {
	told, err := progress.Parse(strings.NewReader(text))
	t.EnvironmentOK(err, "cannot read the build's progress")
	return told
}
