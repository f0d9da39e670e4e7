package compare

import (
	"path"
	"slices"

	"builders.test/helpers/spec"
	"builders.test/internal/rate"
	"builders.test/internal/report"
)

// giveUp is how many tries the environment may fail on one side before a claim is
// not asked there again.
const giveUp = 3

// Again lists the claims that have to be asked again, with the baseline and with
// the candidate, for the class of none of them to be [Undecided]. Of each claim it
// is one side's turn: that which was asked less often.
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

func appendAsked(ids []string, claim *report.Claim) []string {
	failed := 0
	for _, try := range claim.Tries {
		if try.Verdict != spec.Holds && try.Verdict != spec.Broken {
			failed++
		}
	}
	if failed >= giveUp {
		return ids
	}
	return append(ids, claim.ID)
}

// Add adds the tries of a later run, whose folder lies in that of the report, to
// the claims of a report. A verdict follows from all tries of its claim. What went
// wrong beside the claims is added, too.
func Add(r, later report.Report, folder string) report.Report {
	more := index(later)
	claims := slices.Clone(r.Claims)
	for i, claim := range claims {
		if again := more[claim.ID]; again != nil {
			claims[i] = add(claim, *again, folder)
		}
	}
	r.Claims, r.Summary = claims, report.Count(claims)
	for _, line := range later.Outside {
		r.Outside = append(slices.Clone(r.Outside), folder+": "+line)
	}
	return r
}

func add(claim, again report.Claim, folder string) report.Claim {
	tries := slices.Clone(triesOf(claim))
	for _, try := range triesOf(again) {
		if try.Evidence != "" {
			try.Evidence = path.Join(folder, try.Evidence)
		}
		tries = append(tries, try)
	}
	claim.Tries = tries
	count := failures(&claim)
	if count.Asked == 0 {
		return claim
	}
	claim.Verdict, claim.Reason = verdictOf(count), ""
	if claim.Verdict != spec.Broken {
		claim.Known = ""
	}
	for _, try := range tries {
		if try.Verdict == spec.Broken {
			claim.Reason = try.Reason
			break
		}
	}
	return claim
}

// triesOf are the tries at a claim, also if there was one.
func triesOf(claim report.Claim) []report.Try {
	if len(claim.Tries) > 0 {
		return claim.Tries
	}
	return []report.Try{{Verdict: claim.Verdict, Reason: claim.Reason, Seconds: claim.Seconds, Evidence: claim.Evidence}}
}

func verdictOf(c rate.Count) spec.Verdict {
	switch {
	case c.Never():
		return spec.Holds
	case c.Always():
		return spec.Broken
	}
	return spec.Unsteady
}
