package main

import (
	"builders.test/internal/campaign/bench/measure"
	"builders.test/internal/check"
	"github.com/spf13/cobra"
)

func newBenchCommand() *cobra.Command {
	b := measure.Bench{Workspace: check.Here()}
	command := &cobra.Command{
		Use:   "bench",
		Short: "Measures how fast the claims are proven, and what that costs",
		Long: `bench measures the figures of docs/performance.md, each several times, and writes
their tables. With BEFORE, another checkout of this project is measured by turns.
Runs that are finished are kept, so an interrupted bench resumes where it stopped;
another commit is measured again. Nothing else should run on the machine.

The flags have variables of the same names: RUNS, FIGURES, BEFORE, BUILDKIT and OUT.`,
		Example: `  builders bench --runs 3 --figures "whole arch"
  builders bench --before ../builders-before`,
		Args: cobra.NoArgs,
		RunE: runs(&b, &b.Workspace),
	}
	flags := command.Flags()
	flags.StringVar(&b.Runs, "runs", variable("RUNS", "5"), "how often each figure is measured")
	flags.StringVar(&b.Figures, "figures", variable("FIGURES", ""), "what is measured (default everything)")
	flags.StringVar(&b.Before, "before", variable("BEFORE", ""), "folder of another checkout, to be compared with")
	flags.StringVar(&b.Release, "buildkit", variable("BUILDKIT", "v0.34.2"), "BuildKit that is tested")
	outFlag(flags, &b.Out, "bench", "folder for the tables and one folder per run")
	return command
}
