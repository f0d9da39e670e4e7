package sabotage

import (
	"slices"

	"builders.test/helpers/spec"
	"builders.test/internal/report"
)

// Score is what the specs said to one sabotage.
type Score struct {
	Sabotage Sabotage
	// Killed are the claims that turned broken as they must.
	Killed []string
	// Survived had to turn broken and did not.
	Survived []string
	// Misattributed turned broken and should have held.
	Misattributed []string
	// Unknown could not be put to the test.
	Unknown []string
}

// Judge holds a run against what the sabotage has to do.
func Judge(s Sabotage, claims []report.Claim) Score {
	score := Score{Sabotage: s}
	for _, claim := range claims {
		must := slices.Contains(s.Kills, claim.ID)
		switch {
		case claim.Verdict == spec.Error:
			score.Unknown = append(score.Unknown, claim.ID)
		case claim.Verdict == spec.Broken && must:
			score.Killed = append(score.Killed, claim.ID)
		case claim.Verdict == spec.Broken:
			score.Misattributed = append(score.Misattributed, claim.ID)
		case must:
			score.Survived = append(score.Survived, claim.ID)
		}
	}
	return score
}

// Caught tells that some claim turned broken, all that must did, and no other.
func (s Score) Caught() bool {
	return len(s.Killed) > 0 && len(s.Survived)+len(s.Misattributed)+len(s.Unknown) == 0
}
