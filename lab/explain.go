package lab

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"builders.test/lab/debian"
	"builders.test/lab/problem"
	"github.com/docker/go-units"
)

// explain turns the error that ended an operation into a [problem.Problem].
func explain(tried string, err error) error {
	var p *problem.Problem
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return &problem.Problem{Tried: tried, Happened: "interrupted",
			Next: "run it again to continue where it stopped", Err: context.Canceled}
	case errors.As(err, &p):
		return err
	case errors.Is(err, syscall.ENOSPC), strings.Contains(err.Error(), "no space left on device"):
		return &problem.Problem{Tried: tried, Happened: "the disk is full",
			Next: "free some space (" + units.BytesSize(spaceNeeded) + " is enough for a lab) and run it again", Err: err}
	case unwritable(err):
		return &problem.Problem{Tried: tried, Happened: err.Error(), Next: "set XDG_CACHE_HOME to a writable folder", Err: err}
	case errors.Is(err, debian.ErrArchive):
		return &problem.Problem{Tried: tried, Happened: err.Error(),
			Next: "check that this host's package sources (/etc/apt) are reachable, then run it again to continue", Err: err}
	default:
		return &problem.Problem{Tried: tried, Happened: err.Error(), Next: "run it again; `builders lab purge` starts over", Err: err}
	}
}

// unwritable reports whether a folder could not be made or written.
func unwritable(err error) bool {
	var path *fs.PathError
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) || errors.As(err, &path) && path.Op == "mkdir"
}
