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
		Long: `check proves the claims on one BuildKit and writes a report. Run it in the
project's folder. It uses the engine that DOCKER_HOST or the current docker context
points to; if there is none, it starts the lab.

A claim that fails is retried, three times unless CONFIRM says otherwise: it is
broken if it fails each time, otherwise unsteady. Unsteady claims and known faults of
the release under test are shown and do not fail the run, unless STRICT=1.

If you choose a driver or an image store, only the claims about it are tested. The
lab has an engine for each store; your own engine has only its own.

Faults of past releases are tested with RUN=regressions or, in addition to all
other claims, with REGRESSIONS=1; compare, matrix and bisect test them by default.

With a folder of scripts (SPECS) the claims of your own project are tested instead
of the book's; docs/scripts.md explains how to write them.

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
	flags.IntVar(&c.Request.Parallel, "parallel", 0, "how many claims are tested at the same time (default two for each processor)")
	outFlag(flags, &c.Request.Out, "check", "folder for the report and the evidence")
	return command
}
