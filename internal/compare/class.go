package compare

import (
	"fmt"

	"builders.test/helpers/claim"
	"builders.test/internal/rate"
	"builders.test/internal/report"
)

// failures returns how often a claim failed, out of the tries that say something.
func failures(c *report.Claim) rate.Count {
	switch {
	case c == nil:
		return rate.Count{}
	case len(c.Tries) > 0:
		failed, asked := claim.Failures(c.Tries)
		return rate.Count{Failed: failed, Asked: asked}
	case c.Verdict == claim.Holds:
		return rate.Count{Asked: 1}
	case c.Verdict == claim.Broken:
		return rate.Count{Failed: 1, Asked: 1}
	}
	return rate.Count{}
}

// classOf returns what becomes of a claim.
func (c Change) classOf() Class {
	switch before, after := c.Baseline, c.Candidate; {
	case before == nil || after == nil || before.Verdict == claim.Error || after.Verdict == claim.Error:
		return Environment
	case before.Verdict == claim.NotApplicable && after.Verdict == claim.NotApplicable:
		return Same
	case before.Verdict == claim.NotApplicable:
		return Gained
	case after.Verdict == claim.NotApplicable:
		return Lost
	case c.byReference():
		return c.direction()
	}
	return c.byRate()
}

// byRate returns the class by how often the claim failed on either side.
func (c Change) byRate() Class {
	switch {
	case c.Before.Asked == 0 || c.After.Asked == 0:
		return Environment
	case c.Before.Never() && c.After.Never():
		return Same
	case c.Before.Always() && c.After.Always():
		return BothBroken
	}
	switch rate.Decide(c.Before, c.After) {
	case rate.Open:
		return Undecided
	case rate.Differ:
		return c.direction()
	}
	if c.Before.Never() {
		return NewlyUnsteady
	}
	return Unsteady
}

// direction returns the class of a claim that does not fail as often as before.
func (c Change) direction() Class {
	switch {
	case c.After.More(c.Before):
		return Regressed
	case c.After.Never():
		return Fixed
	}
	return Unsteady // less often than before
}

// byReference reports whether the reference of a known fault explains why the
// sides differ: it says that one side is broken and the other is not, and each
// was so when it was asked. Such a claim is not asked again.
func (c Change) byReference() bool {
	known := func(broken, other *report.Claim, failed, held rate.Count) bool {
		return broken.Known != "" && failed.Always() && held.Never() && other.FixedHere == ""
	}
	return known(c.Candidate, c.Baseline, c.After, c.Before) || known(c.Baseline, c.Candidate, c.Before, c.After)
}

// String returns the class and what it rests on: "regressed: 0 of 8 → 7 of 8",
// "unsteady on both: 3 of 20 → 5 of 20". If nothing was counted, it is the class
// alone.
func (c Change) String() string {
	counts := fmt.Sprintf("%s → %s", c.Before, c.After)
	switch c.Class {
	case Regressed, Fixed:
		if c.byReference() {
			return fmt.Sprintf("%s: %s, a known fault", c.Class, counts)
		}
		return fmt.Sprintf("%s: %s", c.Class, counts)
	case NewlyUnsteady:
		return fmt.Sprintf("%s: %s, which may be chance", c.Class, counts)
	case Undecided:
		return fmt.Sprintf("%s: %s, too few tries to rule out chance", c.Class, counts)
	case Unsteady:
		return fmt.Sprintf("%s: %s", c.unsteady(), counts)
	}
	return string(c.Class)
}

// unsteady says which side fails only sometimes.
func (c Change) unsteady() string {
	switch {
	case rate.Decide(c.Before, c.After) == rate.Differ:
		return "unsteady, less often than before"
	case c.Before.Wavers() && c.After.Wavers():
		return "unsteady on both"
	case c.Before.Wavers():
		return "unsteady before"
	}
	return "unsteady now"
}
