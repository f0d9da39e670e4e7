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
			claim.Tries = slices.Concat(triesOf(r, claim), moved(triesOf(later, *again), folder))
			claims[i] = judged(claim)
		}
	}
	r.Claims, r.Summary = claims, report.Count(claims)
	for _, line := range later.Outside {
		r.Outside = append(slices.Clone(r.Outside), folder+": "+line)
	}
	return r
}

// triesOf are the tries at a claim of a report, also if there was one. Where the
// report has other claims, that is taken to have been beside them.
func triesOf(r report.Report, claim report.Claim) []report.Try {
	if len(claim.Tries) > 0 {
		return claim.Tries
	}
	return []report.Try{{
		Verdict: claim.Verdict, Reason: claim.Reason, Seconds: claim.Seconds,
		Beside: len(r.Claims) > 1, Evidence: claim.Evidence,
	}}
}

// moved are tries whose evidence lies in a folder of the report's.
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

// judged is the claim with the verdict that its tries make.
func judged(claim report.Claim) report.Claim {
	count := failures(&claim)
	if count.Asked == 0 {
		return claim
	}
	claim.Verdict, claim.Reason = verdictOf(count), ""
	if claim.Verdict != spec.Broken {
		claim.Known = ""
	}
	if claim.Verdict != spec.Holds {
		claim.FixedHere = ""
	}
	if first := slices.IndexFunc(claim.Tries, failed); first >= 0 {
		claim.Reason = claim.Tries[first].Reason
	}
	return claim
}

func failed(try report.Try) bool { return try.Verdict == spec.Broken }

func verdictOf(c rate.Count) spec.Verdict {
	switch {
	case c.Never():
		return spec.Holds
	case c.Always():
		return spec.Broken
	}
	return spec.Unsteady
}
