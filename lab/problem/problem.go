// Package problem is what goes wrong with a lab, said so that a person knows what
// to do.
package problem

import "strings"

// Problem is an error in one line: what was tried, what happened, what to do
// next.
type Problem struct {
	Tried, Happened, Next string
	// Err is the cause, if there is one that callers may ask about.
	Err error
}

// New returns a [Problem] without a cause that callers may ask about.
func New(tried, happened, next string) error {
	return &Problem{Tried: tried, Happened: happened, Next: next}
}

// Error implements error.
func (p *Problem) Error() string {
	text := p.Tried + ": " + p.Happened
	if p.Next != "" {
		text += "; " + p.Next
	}
	return strings.Join(strings.Fields(text), " ")
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }
