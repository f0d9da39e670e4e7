package build

import "builders.test/helpers/spec"

func (r *Result) succeeded() bool { return r.Command.ExitCode == 0 && !r.Command.Timeout }

// MustSucceed fails the claim if the build did not succeed.
func (r *Result) MustSucceed(t *spec.T) {
	if r.succeeded() {
		return
	}
	t.Fatalf("on builder %s: %s", r.builder, r.FailureMessage())
}

// MustFail fails the claim with the message if the build succeeded.
func (r *Result) MustFail(t *spec.T, format string, args ...any) {
	if r.Command.ExitCode == 0 {
		t.Fatalf(format, args...)
	}
}

// MustFailAt fails the claim with the message if the build succeeded, and with a
// message of its own if the build failed at something other than what the text
// names: part of a step's command, or of an image that was looked up.
func (r *Result) MustFailAt(t *spec.T, text, format string, args ...any) {
	r.MustFail(t, format, args...)
	if !r.FailedAt(text) {
		t.Fatalf("the build failed, but not at %q: %s", text, r.FailureMessage())
	}
}

// MustBeRefused fails the claim unless BuildKit refused the build. A build that
// fails because it cannot look up an image proves as little as one that succeeds.
func (r *Result) MustBeRefused(t *spec.T) {
	r.MustFail(t, "on builder %s a build of %s succeeded and should have been refused", r.builder, r.args[len(r.args)-1])
	for _, v := range r.Failed() {
		if v.LooksUp() != "" {
			t.Fatalf("on builder %s: step %q failed before the build could be refused: %s", r.builder, v.Name, v.Error)
		}
	}
}
