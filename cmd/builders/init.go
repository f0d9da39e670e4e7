package main

import (
	"fmt"

	"builders.test/helpers/evidence"
	"builders.test/internal/uses/scaffold"
	"github.com/spf13/cobra"
)

func newInitCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "init DOCKERFILE",
		Short: "Writes your first script for a Dockerfile",
		Long: `init writes a script that states what most people rely on: the Dockerfile builds for
amd64 and for arm64, its second build is cached, and the image runs. The build
context is the Dockerfile's folder. "builders check --specs DIR" tests it;
docs/scripts.md explains what else a script can do.`,
		Example: "  builders init ../app/Dockerfile --specs ../app/specs",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			path, err := scaffold.Write(args[0], dir)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "wrote %s; test it with `%s`\n", path, evidence.Line(nil, []string{"builders", "check", "--specs", dir}))
			return nil
		},
	}
	c.Flags().StringVar(&dir, "specs", variable("SPECS", "specs"), "folder for the script; created if it does not exist")
	return c
}
