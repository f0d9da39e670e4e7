package main

import (
	"builders.test/internal/makefile"
	"github.com/spf13/cobra"
)

// newVariablesCommand is for the Makefile.
func newVariablesCommand() *cobra.Command {
	var nested bool
	c := &cobra.Command{
		Use:    "variables [NAME...]",
		Short:  "Refuses variables that no target of make uses",
		Hidden: true,
		RunE: func(_ *cobra.Command, names []string) error {
			if nested {
				return makefile.RefuseSlips(names...)
			}
			return makefile.Refuse(names...)
		},
	}
	c.Flags().BoolVar(&nested, "nested", false, "make was called by another make, whose variables are passed along: refuse only near misses of ours")
	return c
}
