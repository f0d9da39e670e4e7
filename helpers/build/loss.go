package build

import (
	"fmt"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/helpers/spec"
)

// Fact is one thing that progress reports about a build.
type Fact string

// The facts that progress reports about a build. Each may be missing even if it
// happened.
const (
	// Took says that a step took part in the build at all.
	Took Fact = "took part"
	// Ran says that a step was executed.
	Ran Fact = "executed"
	// Hit says that a step came from the cache.
	Hit Fact = "cached"
	// Erred says which step failed, and why.
	Erred Fact = "failed"
	// Stopped says that a step was canceled because another one failed.
	Stopped Fact = "canceled"
	// Printed is what a step printed.
	Printed Fact = "its log"
	// Moved is how many bytes were sent.
	Moved Fact = "bytes sent"
)

// Loss says in which releases a fact may be missing from the progress of a build
// that is otherwise fine.
type Loss struct {
	Fact Fact
	// Releases is a constraint on BuildKit's version.
	Releases string
	// When says what causes it, and how the progress looks then.
	When string
	// Instead says what decides when the fact is missing.
	Instead string
	// Source is where it was observed or reported.
	Source string
}

const (
	anyRelease = ">=0"
	// merged are the releases that report a step to only one of two builds that run
	// it at the same time. Later ones report it to both.
	merged = "<0.13"

	sourceOfMerges = "https://github.com/moby/buildkit/issues/4330"
	sourceOfEnds   = "https://github.com/moby/buildkit/blob/v0.34.2/solver/progress.go"
	sourceOfErrors = "https://github.com/moby/buildkit/issues/1456"
)

// Losses lists the facts that are known to get lost. Any other missing fact is a
// fault of the release under test.
func Losses() []Loss {
	return []Loss{
		{
			Fact: Took, Releases: merged, Source: sourceOfMerges,
			When:    "another build runs the same step at the same time: this one gets no report about the steps that follow",
			Instead: "the exit code, and a result that only the step makes",
		},
		{
			Fact: Ran, Releases: merged, Source: sourceOfMerges,
			When:    "another build runs the same step at the same time: here it has only a name, or is reported as cached once a step that needs it starts",
			Instead: "a value in the result that differs each time the step is executed",
		},
		{
			Fact: Hit, Releases: merged, Source: sourceOfMerges,
			When:    "another build gets the same step from the cache at the same time: here it has only a name",
			Instead: "a value in the result that stays the same unless the step is executed",
		},
		{
			Fact: Erred, Releases: merged, Source: sourceOfErrors,
			When:    "another build fails at the same step at the same time, or, seen with v0.11.5 under load, the progress ends before the end of the step: the step has no error, or is reported as canceled",
			Instead: "the exit code, then the error that buildx prints last: it names the process or the image",
		},
		{
			Fact: Stopped, Releases: anyRelease, Source: sourceOfEnds,
			When:    "always: a step without an end is reported as canceled when the progress ends, no matter how it ends",
			Instead: "whether the step's process is gone",
		},
		{
			Fact: Printed, Releases: merged, Source: sourceOfMerges,
			When:    "another build runs the same step at the same time: the log is empty or truncated",
			Instead: "a file in the result with the step's output",
		},
		{
			Fact: Moved, Releases: merged, Source: sourceOfMerges,
			When:    "another build sends the same files at the same time, or the progress ends early: fewer bytes are reported than were sent",
			Instead: "for a lower bound, the content of the result; for an upper bound, nothing",
		},
	}
}

// mayMiss returns the loss that explains why a fact is missing from a claim's progress.
func mayMiss(t *spec.T, fact Fact) (Loss, bool) {
	for _, loss := range Losses() {
		if loss.Fact == fact && t.Has(claim.BuildKit(loss.Releases)) {
			return loss, true
		}
	}
	return Loss{}, false
}

// untold ends the claim because the progress does not report a fact. If this release
// may lose the fact, nothing is known: that is an error of the instrument.
func (r *Result) untold(t *spec.T, fact Fact, format string, args ...any) {
	what := fmt.Sprintf(format, args...)
	if loss, ok := mayMiss(t, fact); ok {
		t.EnvironmentFailed("the progress of BuildKit %s does not report %s, which may get lost (%s; docs/progress.md): test the claim again", t.BuildKit, what, loss.When)
	}
	t.Fatalf("the progress does not report %s; it reports %s", what, strings.Join(r.Names(), " | "))
}
