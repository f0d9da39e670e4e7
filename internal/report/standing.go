package report

import "builders.test/helpers/claim"

// Standing is a verdict as it is shown and counted: a known fault of the release is
// distinguished from one that is news, and is less of an alarm than anything
// unexpected. The values are ordered by how much they need a look.
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

// StandingOf returns the standing of a verdict about which nothing else is known.
func StandingOf(v claim.Verdict) Standing {
	return [...]Standing{
		claim.Holds: Holds, claim.NotApplicable: NotApplicable, claim.Unsteady: Unsteady, claim.Error: Error, claim.Broken: Broken,
	}[v]
}

// Standing returns the claim's standing.
func (c Claim) Standing() Standing {
	if c.Verdict == claim.Broken && c.Known != "" {
		return Known
	}
	return StandingOf(c.Verdict)
}

// forms are how a standing is written: for programs, for people, and as one character.
var forms = [...]struct{ program, word, mark string }{
	Holds:         {claim.Holds.String(), "holds", "✓"},
	NotApplicable: {claim.NotApplicable.String(), "not applicable", "–"},
	Known:         {"known", "broken (known)", "×"},
	Unsteady:      {claim.Unsteady.String(), "unsteady", "~"},
	Error:         {claim.Error.String(), "error", "!"},
	Broken:        {claim.Broken.String(), "broken", "✗"},
}

// String names the standing for programs: the word of the verdict, or "known".
func (s Standing) String() string { return forms[s].program }

// Word returns the standing as people say it.
func (s Standing) Word() string { return forms[s].word }

// Mark returns the standing as one character.
func (s Standing) Mark() string { return forms[s].mark }

// Rare reports whether a count is worth showing only if there is something to
// count.
func (s Standing) Rare() bool { return s == Known || s == Unsteady }
