package main

import (
	"builders.test/internal/campaign"
	"builders.test/internal/check"
	"github.com/spf13/cobra"
)

func newHistoryCommand() *cobra.Command {
	h := campaign.History{Workspace: check.Here(), Request: newRequest()}
	command := &cobra.Command{
		Use:   "history",
		Short: "Proves that the regressions of the past would have been caught",
		Long: `history runs each claim that some release is known to break, which are the scripts of
fixtures/regressions and a few others, on that release, where it has to be red, and
on the one that mended it, where it has to hold, and prints the score. What was
judged before is kept, by the script's content and the releases; --fresh judges
everything again.

It exits with 0 when every regression was caught, with 1 when one was not, and with
2 when some could not be judged and none is known to have slipped through.

RUN chooses some of them, by their ids and globs of ids.`,
		Args: cobra.NoArgs,
		RunE: runs(&h, &h.Workspace),
	}
	flags := command.Flags()
	flags.StringVar(&h.Request.Choice.Run, "run", variable("RUN", ""), "claims' ids and globs of ids, such as regressions/rm* (default all)")
	flags.BoolVar(&h.Fresh, "fresh", false, "judge everything again")
	outFlag(flags, &h.Request.Out, "history", "folder for the reports and the evidence")
	return command
}
