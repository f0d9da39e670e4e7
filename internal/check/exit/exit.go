// Package exit says what a command's exit code is, for every command: whatever it
// looked at, something wrong outweighs something unknown.
package exit

import (
	"context"
	"errors"
	"fmt"
	"io"

	"builders.test/helpers/claim"
	"builders.test/helpers/subject"
	"builders.test/internal/report"
	"builders.test/internal/text/sanitize"
)

// The exit codes.
const (
	Holds       = 0 // every claim that applies holds
	Broken      = 1 // a claim is broken
	Environment = 2 // the environment failed, or the command was misused
)

// Error ends a command with its own exit code. Without a cause, everything has
// been said already.
type Error struct {
	Code  int
	Cause error
}

func (e Error) Error() string {
	if e.Cause == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Cause.Error()
}

func (e Error) Unwrap() error { return e.Cause }

// Say returns the exit code for the result of a command, and says in one line what
// is left to say about it. An error without a code is about the environment or the
// command's use. ctx is the command's.
func Say(ctx context.Context, err error, stderr io.Writer) int {
	if err == nil {
		return Holds
	}
	end := Error{Code: Environment, Cause: err}
	errors.As(err, &end)
	switch {
	case end.Cause == nil:
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(stderr, "builders: interrupted")
	default:
		fmt.Fprintln(stderr, "builders:", Line(end.Cause))
	}
	return end.Code
}

// Line returns an error as one line that is safe to print: it may quote a program
// that was run.
func Line(err error) string { return sanitize.Line(err.Error()) }

// With returns the end of a command that counted what is wrong and what is
// unknown; nil if there is neither.
func With(wrong, unknown int) error {
	switch {
	case wrong > 0:
		return Error{Code: Broken}
	case unknown > 0:
		return Error{Code: Environment}
	}
	return nil
}

// Told returns an end with what remains to be said about it, which may be nothing.
func Told(why string, end error) error {
	var coded Error
	if why == "" || !errors.As(end, &coded) {
		return end
	}
	return Error{Code: coded.Code, Cause: errors.New(why)}
}

// Policy says which verdicts fail a run.
type Policy int

// The policies.
const (
	// NewsOnly lets unsteady claims and known faults pass.
	NewsOnly Policy = iota
	// Strictly lets nothing pass that does not hold.
	Strictly
)

// ParsePolicy reads what STRICT says.
func ParsePolicy(strict string) (Policy, error) {
	yes, err := subject.Strict(strict)
	if err != nil || !yes {
		return NewsOnly, err
	}
	return Strictly, nil
}

// Runs returns the end of a command that made runs, or read their reports; failed
// counts those that could not be made.
func (p Policy) Runs(failed int, all ...report.Report) error {
	wrong, unknown := 0, failed
	for _, r := range all {
		switch p.code(r) {
		case Broken:
			wrong++
		case Environment:
			unknown++
		}
	}
	return With(wrong, unknown)
}

func (p Policy) code(r report.Report) int {
	switch {
	case r.Summary.Broken > 0:
		return Broken
	case r.Worst() == claim.Error:
		return Environment
	case p == Strictly && r.Summary.Known+r.Summary.Unsteady > 0:
		return Broken
	}
	return Holds
}
