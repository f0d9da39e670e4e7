package sabotage

import (
	"slices"

	"builders.test/helpers/spec"
	"builders.test/internal/report"
)

// Score is what the specs said to one sabotage.
type Score struct {
	Sabotage Sabotage
	// Killed are the claims that turned broken as they must, and Stopped those
	// that ended as errors as they must.
	Killed, Stopped []string
	// Survived had to turn broken, or end as errors, and did not.
	Survived []string
	// Misattributed turned broken and should not have.
	Misattributed []string
	// Unknown ended as errors and should not have.
	Unknown []string
}

// Judge holds a run against what the sabotage has to do.
func Judge(s Sabotage, claims []report.Claim) Score {
	score := Score{Sabotage: s}
	for _, claim := range claims {
		score.judge(claim)
	}
	return score
}

func (s *Score) judge(claim report.Claim) {
	kills, stops := slices.Contains(s.Sabotage.Kills, claim.ID), slices.Contains(s.Sabotage.Stops, claim.ID)
	list := &s.Survived
	switch {
	case claim.Known != "" && !kills:
		return // nothing to do with the sabotage
	case claim.Verdict == spec.Broken && kills:
		list = &s.Killed
	case claim.Verdict == spec.Broken:
		list = &s.Misattributed
	case claim.Verdict == spec.Error && stops:
		list = &s.Stopped
	case claim.Verdict == spec.Error:
		list = &s.Unknown
	case !kills && !stops:
		return
	}
	*list = append(*list, claim.ID)
}

// Refused is the score where the environment could not even be opened: every
// claim ended as an error.
func Refused(s Sabotage) Score {
	return Score{Sabotage: s, Stopped: s.Stops, Unknown: s.Kills}
}

// Caught tells that some claim noticed, all that must did, and no other.
func (s Score) Caught() bool {
	return len(s.Killed)+len(s.Stopped) > 0 && len(s.Survived)+len(s.Misattributed)+len(s.Unknown) == 0
}

// Killed are the claims that some sabotage turned broken.
func Killed(scores []Score) map[string]bool {
	killed := map[string]bool{}
	for _, score := range scores {
		for _, id := range score.Killed {
			killed[id] = true
		}
	}
	return killed
}
