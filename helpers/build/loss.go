package build

import (
	"fmt"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/helpers/spec"
)

// Fact is one thing that progress tells of a build.
type Fact string

// What progress tells of a build. Each may be missing although it was so.
const (
	// Took says that a step took part in the build at all.
	Took Fact = "took part"
	// Ran says that a step was executed.
	Ran Fact = "executed"
	// Hit says that the cache answered a step.
	Hit Fact = "cached"
	// Erred says which step failed, and why.
	Erred Fact = "failed"
	// Stopped says that a step was canceled because another one failed.
	Stopped Fact = "cancelled"
	// Printed is what a step printed.
	Printed Fact = "its log"
	// Moved is how many bytes were sent.
	Moved Fact = "bytes sent"
)

// Loss tells in which releases a fact may be missing from the progress of a
// build, though the build itself is as it should be.
type Loss struct {
	Fact Fact
	// Releases is a constraint on BuildKit's version.
	Releases string
	// When says what has to happen for it, and how the progress looks then.
	When string
	// Instead says what decides, since it may be missing.
	Instead string
	// Source is where it was seen or said.
	Source string
}

const (
	anyRelease = ">=0"
	// merged are the releases whose steps are told to one build only when two
	// have them at the same time. Later ones tell both.
	merged = "<0.13"

	sourceOfMerges = "https://github.com/moby/buildkit/issues/4330"
	sourceOfEnds   = "https://github.com/moby/buildkit/blob/v0.34.2/solver/progress.go"
	sourceOfErrors = "https://github.com/moby/buildkit/issues/1456"
)

// Losses lists what is known to get lost. What is missing and not in this list
// is a fault of the release under test.
func Losses() []Loss {
	return []Loss{
		{
			Fact: Took, Releases: merged, Source: sourceOfMerges,
			When:    "another build does the same step at the same time: this one is not told of what follows from it",
			Instead: "the exit code, and a result that only the step makes",
		},
		{
			Fact: Ran, Releases: merged, Source: sourceOfMerges,
			When:    "another build does the same step at the same time: here it has a name only, or is called cached once a step that needs it begins",
			Instead: "a value in the result that differs each time the step is executed",
		},
		{
			Fact: Hit, Releases: merged, Source: sourceOfMerges,
			When:    "another build has the same step answered at the same time: here it has a name only",
			Instead: "a value in the result that stays the same unless the step is executed",
		},
		{
			Fact: Erred, Releases: merged, Source: sourceOfErrors,
			When:    "another build fails at the same step at the same time, or, seen with v0.11.5 under load, the progress ends before the step's end is in it: the step has no error, or is called canceled",
			Instead: "the exit code, then the error that buildx prints last: it names the process or the image",
		},
		{
			Fact: Stopped, Releases: anyRelease, Source: sourceOfEnds,
			When:    "always: a step without an end is called canceled when the progress ends, whatever becomes of it",
			Instead: "whether the step's process is gone",
		},
		{
			Fact: Printed, Releases: merged, Source: sourceOfMerges,
			When:    "another build does the same step at the same time: the log is empty or cut",
			Instead: "a file in the result that holds what the step printed",
		},
		{
			Fact: Moved, Releases: merged, Source: sourceOfMerges,
			When:    "another build has the same files sent at the same time, or the progress ends early: fewer bytes are told than were sent",
			Instead: "the content of what was built for a lower bound; nothing for an upper one",
		},
	}
}

// mayMiss is the loss by which a fact may be missing from a claim's progress.
func mayMiss(t *spec.T, fact Fact) (Loss, bool) {
	for _, loss := range Losses() {
		if loss.Fact == fact && t.Has(claim.BuildKit(loss.Releases)) {
			return loss, true
		}
	}
	return Loss{}, false
}

// untold ends the claim because the progress does not tell a fact. Where it may
// get lost nothing is known: that is an error of the instrument.
func (r *Result) untold(t *spec.T, fact Fact, format string, args ...any) {
	t.Helper()
	what := fmt.Sprintf(format, args...)
	if loss, ok := mayMiss(t, fact); ok {
		t.EnvironmentFailed("the progress of BuildKit %s does not tell %s, which may get lost (%s; docs/progress.md): test the claim again", t.BuildKit, what, loss.When)
	}
	t.Fatalf("the progress does not tell %s; it tells of %s", what, strings.Join(r.Names(), " | "))
}
