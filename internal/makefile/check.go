// Package makefile has the variables that make's targets accept on its command line,
// and the line that repeats claims.
package makefile

import "builders.test/helpers/evidence"

// Check is a run of claims as make's variables. Empty ones were not set.
type Check struct {
	Regressions, BuildKit, Run, Buildx, Specs, Driver, Store, Out string
}

// Line returns a command to be pasted into a shell.
func (c Check) Line() string {
	return evidence.Make("check", "REGRESSIONS="+c.Regressions, "BUILDKIT="+c.BuildKit, "RUN="+c.Run, "BUILDX="+c.Buildx,
		"SPECS="+c.Specs, "DRIVER="+c.Driver, "STORE="+c.Store, "OUT="+c.Out)
}
