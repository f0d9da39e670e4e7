package main

import (
	"builders.test/internal/console"
	"builders.test/internal/run/timeline"
	"github.com/spf13/cobra"
)

func newTimelineCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "timeline DIR",
		Short: "Shows what ran when in a finished run, and what the run waited for",
		Long: `timeline reads the output folder of a run (OUT) and prints how long it took to open
and to clean up, how many claims and commands ran at the same time, what took how
long, and the critical path: the claims that the end of the run waited for.`,
		Example: "  builders timeline build/check",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			width, _ := console.Width(c.OutOrStdout())
			return timeline.Print(args[0], c.OutOrStdout(), width)
		},
	}
}
