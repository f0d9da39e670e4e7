package sabotage

import (
	"slices"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
)

// Score is what the specs said about one sabotage.
type Score struct {
	Sabotage Sabotage
	// Killed are the claims that turned broken as they must, and Stopped those
	// that ended as errors as they must.
	Killed, Stopped []string
	// Wavered are the claims that were unsteady as they must, or as chance had it.
	Wavered []Wavering
	// Survived are the claims that had to turn broken, be unsteady, or end as errors, and
	// did not.
	Survived []string
	// Misattributed are the claims that turned broken, or were unsteady, and should not
	// have.
	Misattributed []string
	// Unknown are the claims that ended as errors and should not have.
	Unknown []string
	// Reasons are why claims did not hold, by id.
	Reasons map[string]string
}

// Wavering is a claim that failed in some of its tries.
type Wavering struct {
	ID string
	// Count says how many, such as "failed 2 of 4".
	Count string
}

// String returns the claim and its count.
func (w Wavering) String() string { return w.ID + " (" + w.Count + ")" }

// Judge compares a run with what the sabotage has to do.
func Judge(s Sabotage, claims []report.Claim) Score {
	score := Score{Sabotage: s, Reasons: map[string]string{}}
	for _, c := range claims {
		score.judge(c)
		score.Reasons[c.ID] = c.Reason
	}
	if score.chanceMissed() {
		score.Survived = append(score.Survived, s.Chance...)
	}
	return score
}

func (s *Score) judge(c report.Claim) {
	kills, stops := slices.Contains(s.Sabotage.Kills, c.ID), slices.Contains(s.Sabotage.Stops, c.ID)
	wavers, chance := slices.Contains(s.Sabotage.Unsteady, c.ID), slices.Contains(s.Sabotage.Chance, c.ID)
	expected := kills || stops || wavers
	list := &s.Survived
	switch {
	case c.Known != "" && !expected && !chance:
		return // nothing to do with the sabotage
	case c.Verdict == claim.Unsteady && (chance || wavers && strings.Contains(c.Count(), s.Sabotage.Counted)):
		s.Wavered = append(s.Wavered, Wavering{ID: c.ID, Count: c.Count()})
		return
	case c.Verdict == claim.Unsteady && expected:
	case c.Verdict == claim.Broken && (kills || chance):
		list = &s.Killed
	case c.Verdict == claim.Broken || c.Verdict == claim.Unsteady:
		list = &s.Misattributed
	case c.Verdict == claim.Error && stops:
		list = &s.Stopped
	case c.Verdict == claim.Error:
		list = &s.Unknown
	case !expected:
		return
	}
	*list = append(*list, c.ID)
}

// chanceMissed reports whether none of the claims that fail by chance was unsteady.
func (s *Score) chanceMissed() bool {
	return len(s.Sabotage.Chance) > 0 && !slices.ContainsFunc(s.Wavered, func(w Wavering) bool {
		return slices.Contains(s.Sabotage.Chance, w.ID)
	})
}

// Refused returns the score if the environment could not even be opened: every
// claim ended as an error.
func Refused(s Sabotage) Score {
	return Score{Sabotage: s, Stopped: s.Stops, Unknown: slices.Concat(s.Kills, s.Unsteady, s.Chance)}
}

// Caught reports whether some claim noticed, every claim did that must, and no other
// did.
func (s Score) Caught() bool {
	return len(s.Killed)+len(s.Stopped)+len(s.Wavered) > 0 && len(s.Survived)+len(s.Misattributed)+len(s.Unknown) == 0
}

// Killed returns the claims that some sabotage turned broken.
func Killed(scores []Score) map[string]bool {
	killed := map[string]bool{}
	for _, score := range scores {
		for _, id := range score.Killed {
			killed[id] = true
		}
	}
	return killed
}
