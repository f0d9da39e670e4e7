package report

import "builders.test/helpers/claim"

// Standing is a verdict as it is shown and counted: a fault that is known of
// the release is told apart from one that is news, and is less of an alarm than
// anything that nobody expected. The values are ordered by how much they ask for
// a look.
type Standing int

// The standings, from what needs no look to what needs it most.
const (
	Holds Standing = iota
	NotApplicable
	Known
	Unsteady
	Error
	Broken
)

// Standings lists every standing, those that need a look first.
func Standings() []Standing {
	return []Standing{Broken, Error, Unsteady, Known, NotApplicable, Holds}
}

// StandingOf is that of a verdict about which nothing else is known.
func StandingOf(v claim.Verdict) Standing {
	switch v {
	case claim.Holds:
		return Holds
	case claim.NotApplicable:
		return NotApplicable
	case claim.Unsteady:
		return Unsteady
	case claim.Broken:
		return Broken
	}
	return Error
}

// Standing is the claim's.
func (c Claim) Standing() Standing {
	if c.Verdict == claim.Broken && c.Known != "" {
		return Known
	}
	return StandingOf(c.Verdict)
}

// String names the standing for programs: the word of the verdict, or "known".
func (s Standing) String() string {
	switch s {
	case Holds:
		return claim.Holds.String()
	case NotApplicable:
		return claim.NotApplicable.String()
	case Known:
		return "known"
	case Unsteady:
		return claim.Unsteady.String()
	case Broken:
		return claim.Broken.String()
	}
	return claim.Error.String()
}

// Word is the standing as people say it.
func (s Standing) Word() string {
	switch s {
	case NotApplicable:
		return "not applicable"
	case Known:
		return "broken (known)"
	}
	return s.String()
}

// Mark is the standing as one character.
func (s Standing) Mark() string {
	switch s {
	case Holds:
		return "✓"
	case NotApplicable:
		return "–"
	case Known:
		return "×"
	case Unsteady:
		return "~"
	case Broken:
		return "✗"
	}
	return "!"
}

// Rare reports whether a count is worth a place only where there is something
// to count.
func (s Standing) Rare() bool { return s == Known || s == Unsteady }
