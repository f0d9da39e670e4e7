package main

import (
	"builders.test/internal/campaign"
	"builders.test/internal/check"
	"builders.test/internal/versions"
	"github.com/spf13/cobra"
)

func newSelftestCommand() *cobra.Command {
	s := campaign.Selftest{Workspace: check.Here(), Request: newRequest()}
	command := &cobra.Command{
		Use:   "selftest",
		Short: "Proves that the specs can fail: against a toolchain with deliberate faults",
		Long: `selftest breaks the toolchain, one fault at a time: a plugin in front of buildx that
drops --load, a BuildKit that was compiled with a bug, a mirror that serves an older
image, and so on. It runs the claims that must notice, with some that must not, and
prints what was caught, what survived and which claims turned broken without reason.
A sabotage that acts only some of the time must make claims unsteady, and a claim that
fails with it is retried three times; with all others, once. When every sabotage has
been judged, now or before, it writes the table in
` + campaign.ScorePage + `.

With --measure every claim that RUN selects is run, and those that turned broken or
unsteady are listed. It always uses the lab. The sabotage no-emulator switches the
machine's emulator off while it runs.

It exits with 0 if every sabotage is caught and nothing else turned broken.`,
		Args: cobra.NoArgs,
		RunE: runs(&s, &s.Workspace),
	}
	flags := command.Flags()
	flags.StringVar(&s.Request.Cell.BuildKit, "buildkit", variable("BUILDKIT", versions.NewestBuildKit), "BuildKit release under test")
	flags.StringVar(&s.Sabotages, "sabotage", variable("SABOTAGE", ""), "a pattern for the names of sabotages (default all)")
	flags.BoolVar(&s.Measure, "measure", false, "run all claims that RUN chooses and list which ones notice")
	flags.StringVar(&s.Request.Choice.Run, "run", variable("RUN", ""), "with --measure: chapters, claims' ids and globs of ids")
	outFlag(flags, &s.Request.Out, "selftest", "folder for the reports and the evidence")
	return command
}
