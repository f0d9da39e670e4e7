package main

import (
	"builders.test/helpers/subject"
	"builders.test/internal/campaign"
	"builders.test/internal/check"
	"github.com/spf13/cobra"
)

func newCompareCommand() *cobra.Command {
	c := campaign.Compare{Workspace: check.Here(), Request: newRequest()}
	c.Request.Choice.Regressions = true
	command := &cobra.Command{
		Use:   "compare",
		Short: "Shows what changes when you move the pin from one BuildKit to another",
		Long: `compare tests the claims on a baseline and on a candidate, on the same engine, and
reports what happens to each claim: regressed, fixed, the same, broken on both
sides, unsteady, or unknown because the environment failed. What changed without
breaking a claim, such as a media type or the default garbage collection, is listed
separately as a change of shape.

If one side fails and the other holds, or a claim fails on some tries, both are
tried again in turn, alone, until Fisher's exact test separates their rates with
p < 0.01, or 20 tries per side are used up. 5 of 5 against 0 of 5 is enough.

It exits with 1 if something regressed, with 2 if something is undecided or
unknown, and with 0 otherwise, even if a claim that held is unsteady now.

The flags have variables of the same names: BASELINE, BUILDKIT, BASELINE_BUILDX,
BUILDX, DRIVER, STORE, RUN, SPECS and OUT.`,
		Example: `  builders compare --baseline v0.11.5 --buildkit v0.34.2
  builders compare --buildkit v0.34.2 --baseline v0.34.2 --baseline-buildx v0.37.0 --buildx v0.38.2
  builders compare --baseline v0.17.1 --buildkit v0.17.2 --specs ./specs`,
		Args: cobra.NoArgs,
		RunE: runs(&c, &c.Workspace),
	}
	flags := command.Flags()
	flags.StringVar(&c.Baseline, "baseline", variable("BASELINE", subject.DefaultBuildKit), "BuildKit that is in use")
	flags.StringVar(&c.BaselineBuildx, "baseline-buildx", variable("BASELINE_BUILDX", ""), "buildx that is in use (default the one of --buildx)")
	subjectFlags(flags, &c.Request.Cell)
	cellFlags(flags, &c.Request.Cell)
	choiceFlags(flags, &c.Request.Choice, &c.Workspace)
	outFlag(flags, &c.Request.Out, "compare", "folder for the reports and the evidence")
	return command
}
