package claim

import "fmt"

// Try is the outcome of one try at proving a claim.
type Try struct {
	// Verdict is the verdict of this try alone: broken if what was under test failed
	// the claim.
	Verdict Verdict `json:"verdict"`
	// Reason says why, in one line, unless the verdict is holds.
	Reason string `json:"reason"`
	// Seconds is how long the try took, with its clean-up.
	Seconds float64 `json:"seconds"`
	// Beside reports whether other claims built at the same time.
	Beside bool `json:"beside"`
	// Evidence is the try's folder, relative to the report.
	Evidence string `json:"evidence"`
}

// Judge makes one verdict, with its reason, from all tries at a claim: broken if
// the claim failed each time, unsteady if it failed and held, and otherwise what
// the first try says. again is how many more tries the first failure asked for;
// if none of them could be made, the verdict is error: an accusation needs to be
// seen twice.
func Judge(tries []Try, again int) (Verdict, string) {
	first := tries[0]
	if first.Verdict != Broken {
		return first.Verdict, first.Reason
	}
	c := count(tries)
	switch {
	case c.held > 0:
		return Unsteady, first.Reason
	case c.errored > 0:
		return Error, fmt.Sprintf("it failed, and when it was tried again the environment failed: %s; at first: %s", c.why, first.Reason)
	case again > 0 && c.failed == 1:
		return Error, fmt.Sprintf("it failed, and there was no time to try it again (give go test a longer -timeout): %s", first.Reason)
	}
	return Broken, first.Reason
}

// CountTries says how often a claim failed: "failed 4 of 4", "failed 1 of 4", or
// "failed 2 of 4, only alongside other builds". It is empty for a claim that was
// tried once or never failed.
func CountTries(tries []Try) string {
	c := count(tries)
	if len(tries) < 2 || c.failed == 0 {
		return ""
	}
	said := fmt.Sprintf("failed %d of %d", c.failed, c.failed+c.held)
	if c.failedAlone == 0 && c.failed > 1 && c.heldAlone > 0 {
		said += ", only alongside other builds"
	}
	return said
}

// tally counts tries. Tries that the environment failed are not counted, but the
// reason of the last one is kept.
type tally struct {
	failed, held           int
	failedAlone, heldAlone int
	errored                int
	why                    string
}

func count(tries []Try) tally {
	var c tally
	for _, t := range tries {
		alone := 1
		if t.Beside {
			alone = 0
		}
		switch t.Verdict {
		case Broken:
			c.failed++
			c.failedAlone += alone
		case Holds:
			c.held++
			c.heldAlone += alone
		default:
			c.errored++
			c.why = t.Reason
		}
	}
	return c
}

// Failures counts the tries that failed and those that either failed or held.
func Failures(tries []Try) (failed, asked int) {
	c := count(tries)
	return c.failed, c.failed + c.held
}
