package main

import (
	"builders.test/internal/check"
	"github.com/spf13/cobra"
)

func newCheckCommand() *cobra.Command {
	c := check.Check{Workspace: check.Here()}
	command := &cobra.Command{
		Use:   "check",
		Short: "Proves every claim, or some, on one BuildKit",
		Long: `check proves the claims on one BuildKit and writes a report. It is run in the
project's folder. An engine that DOCKER_HOST or the current docker context
reaches is used as it is; otherwise the lab is brought up.

A claim that fails is tried again, three times unless CONFIRM says otherwise: it is
broken if it fails each time, otherwise unsteady. An unsteady claim and a fault that
is known of the release under test are shown and do not fail the run, unless STRICT=1.

Where a driver or an image store is chosen, only the claims about it are put to
the test. The lab has an engine for each store; an engine of yours has the one
that it has.

Faults that releases of the past had are put to the test by RUN=regressions or,
beside all else, by REGRESSIONS=1, and by compare, matrix and bisect without being
asked.

With a folder of scripts (SPECS), the claims of your own project are put to the
test instead of those of the book; docs/scripts.md tells how to write them.

The flags have variables of the same names: BUILDKIT, BUILDX, DRIVER, STORE, RUN,
SPECS, REGRESSIONS, CONFIRM, STRICT, KEEP and OUT.`,
		Example: `  builders check --buildkit v0.34.2
  builders check --buildkit ../buildkit --run caching
  builders check --driver docker --store overlay2
  builders check --run builders/arch`,
		Args: cobra.NoArgs,
		RunE: runs(&c, &c.Workspace),
	}
	flags := command.Flags()
	subjectFlags(flags, &c.Request.Cell)
	cellFlags(flags, &c.Request.Cell)
	choiceFlags(flags, &c.Request.Choice, &c.Workspace)
	verdictFlags(flags, &c.Request)
	regressionsFlag(flags, &c.Request.Choice)
	outFlag(flags, &c.Request.Out, "check", "folder for the report and the evidence")
	return command
}
