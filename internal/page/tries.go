package page

import (
	"fmt"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"builders.test/internal/report/snippet"
)

// tryView is one of several tries at a claim.
type tryView struct {
	Number              int
	Verdict, Word, Mark string
	// Reason is empty if it is the claim's, which is shown above; then Same says so.
	Seconds, Reason string
	Same            bool
	// Where says whether other claims built at the same time.
	Where string
	evidenceView
}

// laterFailureRoom is how much is shown of what a later try said: the first has
// said most of it.
var laterFailureRoom = snippet.Limit{Head: 800, Tail: 800}

// tries sets the tries of a claim side by side.
func tries(e *snippet.Evidence, one report.Claim, base string) []tryView {
	var all []tryView
	for i, try := range one.Tries {
		standing := report.StandingOf(try.Verdict)
		v := tryView{
			Number: i + 1, Verdict: standing.String(), Word: wordOfTry(try.Verdict), Mark: standing.Mark(),
			Seconds: fmt.Sprintf("%.1f s", try.Seconds), Reason: try.Reason, Where: "alone",
			evidenceView: evidenceView{Try: i, Evidence: try.Evidence},
		}
		if try.Reason != "" && try.Reason == one.Reason {
			v.Reason, v.Same = "", true
		}
		if try.Beside {
			v.Where = "alongside other builds"
		}
		room := failureRoom
		if i > 0 {
			room = laterFailureRoom
		}
		v.show(e.OfTry(i), try.Verdict, base, room)
		all = append(all, v)
	}
	return all
}

// wordOfTry distinguishes a try from the verdict of all of them.
func wordOfTry(v claim.Verdict) string {
	switch v {
	case claim.Broken:
		return "failed"
	case claim.Holds:
		return "held"
	}
	return report.Word(v)
}

// failedOf says how many of how many tries failed; empty for a claim that was
// tried once.
func failedOf(one *report.Claim) string {
	if one == nil || one.Count() == "" {
		return ""
	}
	failed, asked := claim.Failures(one.Tries)
	return fmt.Sprintf("%d of %d", failed, asked)
}
