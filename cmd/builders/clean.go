package main

import (
	"builders.test/internal/check/leftovers"
	"github.com/spf13/cobra"
)

func newCleanCommand() *cobra.Command {
	var cleaner leftovers.Cleaner
	c := &cobra.Command{
		Use:   "clean",
		Short: "Remove what killed runs left behind, and nothing else",
		Long: `clean searches the engine that check would use, the testbed's others, and this
machine's temporary folder for objects that carry a run's id. It shows what it found
and removes what belongs to runs that are over. A run that is still going on keeps
everything. If an engine cannot be searched, clean names it, leaves the folders of
runs, and exits with 2. Objects that a run on another machine made on a shared engine
are shown and left.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			cleaner.Out = command.OutOrStdout()
			return cleaner.Run(command.Context())
		},
	}
	c.Flags().BoolVar(&cleaner.DryRun, "dry-run", false, "only show what would be removed")
	return c
}
