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
		Short: "Proves that past regressions would have been caught",
		Long: `history runs each claim that some release is known to break (the scripts of
fixtures/regressions and a few others) on that release, where it must be red, and
on the one that fixed it, where it must hold, and prints the score. Earlier
judgments are kept, by the script's content and the releases; --fresh judges
everything again.

It exits with 0 if every regression was caught, with 1 if one was not, and with
2 if some could not be judged and none is known to have slipped through.

RUN selects some of them, by their ids and globs of ids.`,
		Args: cobra.NoArgs,
		RunE: runs(&h, &h.Workspace),
	}
	flags := command.Flags()
	flags.StringVar(&h.Request.Choice.Run, "run", variable("RUN", ""), "claims' ids and globs of ids, such as regressions/rm* (default all)")
	flags.BoolVar(&h.Fresh, "fresh", false, "judge everything again")
	outFlag(flags, &h.Request.Out, "history", "folder for the reports and the evidence")
	return command
}
