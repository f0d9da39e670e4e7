package main

import (
	"builders.test/internal/check/views"
	"builders.test/internal/console"
	"github.com/spf13/cobra"
)

func newMergeCommand() *cobra.Command {
	var wanted views.Files
	var strict string
	command := &cobra.Command{
		Use:   "merge DIR...",
		Short: "Joins the reports of several machines into one table",
		Long: `merge reads the report.json in each folder and prints one table: claims down,
reports across; on request it also writes a page. It refuses reports that don't
belong together: from different books of claims, or two of the same subject.

It exits with 1 if a claim is broken somewhere, with 2 if the environment failed
somewhere, and with 0 otherwise. Known faults and unsteady claims are shown and
change that only with STRICT=1.`,
		Example: `  builders merge build/matrix/*
  builders merge --html all.html laptop/ graviton/ staging/`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return wanted.Merge(strict, console.New(c.OutOrStdout(), c.ErrOrStderr(), "."), c.OutOrStdout(), args...)
		},
	}
	viewFlags(command.Flags(), &wanted)
	strictFlag(command.Flags(), &strict)
	return command
}
