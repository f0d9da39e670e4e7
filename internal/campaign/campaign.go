// Package campaign makes many runs of the claims and says what they come to
// together: two releases compared, a matrix, a soak, a bisection, the regressions of
// the past, and toolchains that are wrong on purpose. Each goes on, or starts again,
// in a folder with one folder for each run.
package campaign

import (
	"io"

	"builders.test/internal/check"
	"builders.test/internal/console"
)

// againFolder is where the tries of one round lie, below the folder of their side.
const againFolder = "again-%02d"

// unseen follows a run of which only the result is shown, and what goes wrong beside
// it.
func unseen(w check.Workspace, r check.Request) check.Watch {
	return check.Watch{Screen: console.New(io.Discard, w.Stderr, r.Out), Progress: w.Stderr}
}
