package lab

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"builders.test/lab/debian"
	"github.com/docker/go-units"
)

// Problem is an error of the lab in one line: what was tried, what happened,
// what to do next.
type Problem struct {
	Tried, Happened, Next string
	// Err is the cause, if there is one that callers may ask about.
	Err error
}

func (p *Problem) Error() string {
	text := p.Tried + ": " + p.Happened
	if p.Next != "" {
		text += "; " + p.Next
	}
	return strings.Join(strings.Fields(text), " ")
}

func (p *Problem) Unwrap() error { return p.Err }

// problem is a [Problem] without a cause that callers may ask about.
func problem(tried, happened, next string) error {
	return &Problem{Tried: tried, Happened: happened, Next: next}
}

// explain turns whatever ended an operation into a Problem.
func explain(tried string, err error) error {
	var p *Problem
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return &Problem{Tried: tried, Happened: "interrupted",
			Next: "run it again to continue where it stopped", Err: context.Canceled}
	case errors.As(err, &p):
		return err
	case errors.Is(err, syscall.ENOSPC), strings.Contains(err.Error(), "no space left on device"):
		return &Problem{Tried: tried, Happened: "the disk is full",
			Next: "free some space (" + units.BytesSize(spaceNeeded) + " is enough to make a lab) and run it again", Err: err}
	case unwritable(err):
		return &Problem{Tried: tried, Happened: err.Error(), Next: "set XDG_CACHE_HOME to a folder that can be written", Err: err}
	case errors.Is(err, debian.ErrArchive):
		return &Problem{Tried: tried, Happened: err.Error(),
			Next: "see that this host's package sources (/etc/apt) are reachable, then run it again to continue", Err: err}
	default:
		return &Problem{Tried: tried, Happened: err.Error(), Next: "run it again; `builders lab purge` starts from nothing", Err: err}
	}
}

// unwritable tells that a folder cannot be made or written.
func unwritable(err error) bool {
	var path *fs.PathError
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.As(err, &path) && path.Op == "mkdir"
}
