package compare

import (
	"path"
	"slices"

	"builders.test/helpers/claim"
	"builders.test/internal/rate"
	"builders.test/internal/report"
)

// giveUp is how many tries the environment may fail on one side before a claim is
// no longer asked there.
const giveUp = 3

// Again lists the claims that have to be asked again, with the baseline and with
// the candidate, until none of them is [Undecided]. Each claim is asked on one
// side, the one where it was asked less often.
func (c Comparison) Again() (baseline, candidate []string) {
	for _, change := range c.Changes {
		switch {
		case change.Class != Undecided:
		case rate.FirstIsNext(change.Before, change.After):
			baseline = appendAsked(baseline, change.Baseline)
		default:
			candidate = appendAsked(candidate, change.Candidate)
		}
	}
	return baseline, candidate
}

func appendAsked(ids []string, c *report.Claim) []string {
	failed := 0
	for _, try := range c.Tries {
		if try.Verdict != claim.Holds && try.Verdict != claim.Broken {
			failed++
		}
	}
	if failed >= giveUp {
		return ids
	}
	return append(ids, c.ID)
}

// Add adds the tries of a later run, whose folder is inside that of the report, to
// the claims of a report. A verdict follows from all tries of its claim. What went
// wrong with the run itself is added, too.
func Add(r, later report.Report, folder string) report.Report {
	more := index(later)
	claims := slices.Clone(r.Claims)
	for i, c := range claims {
		if again := more[c.ID]; again != nil {
			c.Tries = slices.Concat(triesOf(r, c), moved(triesOf(later, *again), folder))
			claims[i] = judged(c)
		}
	}
	r.Claims, r.Summary = claims, report.Count(claims)
	for _, line := range later.RunErrors {
		r.RunErrors = append(slices.Clone(r.RunErrors), folder+": "+line)
	}
	return r
}

// triesOf returns the tries at a claim of a report, even if there was only one.
// If the report has other claims, these are assumed to have run alongside.
func triesOf(r report.Report, c report.Claim) []report.Try {
	if len(c.Tries) > 0 {
		return c.Tries
	}
	return []report.Try{{
		Verdict: c.Verdict, Reason: c.Reason, Seconds: c.Seconds,
		Beside: len(r.Claims) > 1, Evidence: c.Evidence,
	}}
}

// moved returns the tries with evidence that is in a folder of the report's.
func moved(tries []report.Try, folder string) []report.Try {
	tries = slices.Clone(tries)
	for i, try := range tries {
		tries[i].Beside = false // they are made one after the other
		if try.Evidence != "" {
			tries[i].Evidence = path.Join(folder, try.Evidence)
		}
	}
	return tries
}

// judged returns the claim with the verdict that its tries add up to.
func judged(c report.Claim) report.Claim {
	count := failures(&c)
	if count.Asked == 0 {
		return c
	}
	c.Verdict, c.Reason = verdictOf(count), ""
	if c.Verdict != claim.Broken {
		c.Known = ""
	}
	if c.Verdict != claim.Holds {
		c.FixedHere = ""
	}
	if first := slices.IndexFunc(c.Tries, failed); first >= 0 {
		c.Reason = c.Tries[first].Reason
	}
	return c
}

func failed(try report.Try) bool { return try.Verdict == claim.Broken }

func verdictOf(c rate.Count) claim.Verdict {
	switch {
	case c.Never():
		return claim.Holds
	case c.Always():
		return claim.Broken
	}
	return claim.Unsteady
}
