package main

import (
	"builders.test/internal/campaign"
	"builders.test/internal/check"
	"github.com/spf13/cobra"
)

func newSoakCommand() *cobra.Command {
	s := campaign.Soak{Workspace: check.Here()}
	command := &cobra.Command{
		Use:   "soak",
		Short: "Proves the claims many times, and counts how often each fails",
		Long: `soak proves the claims RUNS times on each BuildKit, one run after the other, and
counts in how many of the runs each claim failed and how long it took. It finds
claims that fail now and then.

With BESIDE=1, or all, a second run of the same BuildKit runs alongside each, and its
verdicts count, too; BESIDE=4 adds one to the first four runs of each BuildKit only.

Runs that reached all their claims are kept, so an interrupted soak resumes where it
stopped, and raising RUNS adds the missing runs; --fresh makes them all again, and so
does a change of the claims or their proofs. Each run has a folder, such as
v0.11.5/run-03, and the run alongside it v0.11.5/run-03-beside. The evidence of runs in
which everything held is deleted, all other evidence is kept; soak.json, soak.html and
soak.md have the tables, even while the soak is running.

It exits with 1 if a claim is broken in some run, with 2 if the environment failed in
one or something went wrong with the run itself, and with 0 otherwise. Unsteady claims
and known faults are shown and do not fail it, unless STRICT=1.

The flags have variables of the same names: RUNS, BESIDE, BUILDKIT, BUILDX, DRIVER,
STORE, RUN, SPECS, REGRESSIONS, CONFIRM, STRICT and OUT. BUILDKIT, BUILDX, DRIVER and
STORE accept several words.`,
		Example: `  builders soak --runs 10 --buildkit "v0.11.5 v0.34.2"
  builders soak --runs 10 --beside 4 --run caching`,
		Args: cobra.NoArgs,
		RunE: runs(&s, &s.Workspace),
	}
	flags := command.Flags()
	axesFlags(flags, &s.Axes)
	choiceFlags(flags, &s.Request.Choice, &s.Workspace)
	verdictFlags(flags, &s.Request)
	regressionsFlag(flags, &s.Request.Choice)
	flags.StringVar(&s.Runs, "runs", variable("RUNS", "10"), "how often the claims are proven on each BuildKit")
	flags.StringVar(&s.Beside, "beside", variable("BESIDE", ""), "1 or all: a second run alongside each; a higher number: alongside that many of them")
	flags.BoolVar(&s.Fresh, "fresh", false, "repeat every run, even existing ones")
	outFlag(flags, &s.Request.Out, "soak", "folder for the tables and one folder per run")
	return command
}
