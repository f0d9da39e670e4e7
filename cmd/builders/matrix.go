package main

import (
	"builders.test/internal/campaign"
	"builders.test/internal/check"
	"builders.test/lab"
	"github.com/spf13/cobra"
)

func newMatrixCommand() *cobra.Command {
	m := campaign.Matrix{Workspace: check.Here(), Releases: lab.Releases}
	m.Request.Choice.Regressions = true
	command := &cobra.Command{
		Use:   "matrix",
		Short: "Proves the claims on several BuildKits, buildxs, drivers and image stores",
		Long: `matrix proves the claims in every cell: each BuildKit with each buildx, driver and
image store. A cell that fails does not stop the others. Cells that an earlier run
with the same claims and proofs finished are kept, so an interrupted matrix resumes
where it stopped; --fresh runs them all again. BuildKit images are built while other
cells run.

Columns are in the order of the releases. For a claim that is broken somewhere the
versions are said: "broken since v0.16.0, fixed in v0.28.0", or "≤ v0.16.0" if there is
a release before it that was not tested. ranges.json in the folder says the same in the
terms of OSV: introduced, fixed, last_affected.

It exits with 1 if a claim is broken in some cell, with 2 if the environment
failed in one, and with 0 otherwise. Known faults and unsteady claims are shown and
change that only with STRICT=1.

The flags have variables of the same names: BUILDKIT, BUILDX, DRIVER, STORE, RUN,
SPECS, CONFIRM, STRICT and OUT; the first four accept several words.`,
		Example: `  builders matrix --buildkit "v0.11.5 v0.16.0 v0.25.2 v0.34.2"
  builders matrix --buildkit v0.34.2 --driver "docker-container docker remote" --store "containerd overlay2"`,
		Args: cobra.NoArgs,
		RunE: runs(&m, &m.Workspace),
	}
	flags := command.Flags()
	axesFlags(flags, &m.Axes)
	choiceFlags(flags, &m.Request.Choice, &m.Workspace)
	verdictFlags(flags, &m.Request)
	flags.IntVar(&m.Jobs, "jobs", 2, "how many cells run at the same time")
	flags.BoolVar(&m.Fresh, "fresh", false, "run every cell, also those that are finished")
	outFlag(flags, &m.Request.Out, "matrix", "folder for the reports and the evidence, one folder for each cell")
	return command
}
