// Package makefile knows the variables that make's targets take on its command line,
// and writes the line that tests claims again.
package makefile

import "builders.test/helpers/evidence"

// Check is what a run of claims was told, in the words of make's variables. Empty
// ones were not chosen.
type Check struct {
	Regressions, BuildKit, Run, Buildx, Specs, Driver, Store, Out string
}

// Line is to be pasted into a shell.
func (c Check) Line() string {
	return evidence.Make("check", "REGRESSIONS="+c.Regressions, "BUILDKIT="+c.BuildKit, "RUN="+c.Run, "BUILDX="+c.Buildx,
		"SPECS="+c.Specs, "DRIVER="+c.Driver, "STORE="+c.Store, "OUT="+c.Out)
}
