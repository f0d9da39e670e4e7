package main

import (
	"fmt"

	"builders.test/internal/uses"
	"github.com/spf13/cobra"
)

func newUsesCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "uses PATH...",
		Short: "Lists what your files use of buildx and BuildKit, and the claims that guard it",
		Long: `uses reads Dockerfiles, bake and compose files, GitHub workflows, GitLab files,
Makefiles, shell scripts and buildkitd.toml, and lists which flags, instructions,
attributes and variables they use, where, and which claims prove that these work. A
folder is read with all below it.`,
		Example: "  builders uses ../app\n  builders uses ../app/Dockerfile --json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var found []uses.Use
			for _, path := range args {
				some, unread, err := uses.Read(path)
				if err != nil {
					return err
				}
				for _, file := range unread {
					fmt.Fprintf(c.ErrOrStderr(), "not read: %v\n", file)
				}
				found = append(found, some...)
			}
			guards, err := uses.Kept()
			if err != nil {
				return err
			}
			listing := uses.List(found, guards)
			if asJSON {
				return listing.JSON(c.OutOrStdout())
			}
			return listing.Write(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
