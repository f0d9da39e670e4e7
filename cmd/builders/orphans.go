package main

import (
	"builders.test/internal/existing/orphans"
	"github.com/spf13/cobra"
)

func newOrphansCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "orphans",
		Short: "List what builders left that nothing refers to any more",
		Long: `orphans looks at the engine that the docker command reaches and at your own
configuration of buildx, and lists containers of builders that no record has, state
volumes without either, and records whose container and state are gone or that cannot
be read, with their sizes and the commands that remove them. It changes nothing. A
builder of another user of the engine is not known to your configuration: look before
you remove.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			listing, err := orphans.Here(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return listing.JSON(c.OutOrStdout())
			}
			return listing.Write(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
