package main

import (
	"builders.test/internal/check"
	"builders.test/internal/console"
	"github.com/spf13/cobra"
)

func newClaimsCommand() *cobra.Command {
	in, asJSON := check.Here(), false
	command := &cobra.Command{
		Use:   "claims",
		Short: "Lists every claim with its source and needs",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			in.Stderr = command.ErrOrStderr()
			project, err := in.Open(command.Context())
			if err != nil {
				return err
			}
			all, out := project.Book.WithoutRegressions(), command.OutOrStdout()
			if asJSON {
				return all.Encode(out)
			}
			width, _ := console.Width(out)
			return all.List(out, width)
		},
	}
	command.Flags().BoolVar(&asJSON, "json", false, "print a JSON array instead")
	command.Flags().StringVar(&in.Specs, "specs", variable("SPECS", ""), "a folder with your own scripts, listed instead of the book")
	return command
}
