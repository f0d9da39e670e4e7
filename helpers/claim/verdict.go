package claim

import "fmt"

// Verdict is the outcome of one claim. The values are ordered by severity,
// so that combining verdicts only ever escalates.
type Verdict int

const (
	// Holds: the claim was tested and is true.
	Holds Verdict = iota
	// NotApplicable: a capability that the claim needs is missing here.
	NotApplicable
	// Unsteady: the claim failed and then held when it was retried, so it
	// is not to be relied on, and not known to be broken either.
	Unsteady
	// Error: the environment failed, so nothing is known about the claim.
	Error
	// Broken: the system under test did the wrong thing, each time it was asked.
	Broken
)

var verdictWords = [...]string{"holds", "not-applicable", "unsteady", "error", "broken"}

// Verdicts lists every verdict from the mildest to the most severe.
func Verdicts() []Verdict { return []Verdict{Holds, NotApplicable, Unsteady, Error, Broken} }

// String returns the word used in reports.
func (v Verdict) String() string {
	if v < Holds || v > Broken {
		return fmt.Sprintf("verdict(%d)", int(v))
	}
	return verdictWords[v]
}

// Escalate returns the more severe of the two verdicts.
func (v Verdict) Escalate(other Verdict) Verdict { return max(v, other) }

// ParseVerdict is the inverse of [Verdict.String].
func ParseVerdict(word string) (Verdict, error) {
	for _, v := range Verdicts() {
		if v.String() == word {
			return v, nil
		}
	}
	return Error, fmt.Errorf("unknown verdict %q; known are %v", word, verdictWords)
}

// MarshalText writes the word.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the word and refuses any other.
func (v *Verdict) UnmarshalText(text []byte) error {
	parsed, err := ParseVerdict(string(text))
	if err != nil {
		return err
	}
	*v = parsed
	return nil
}
