package main

import (
	"fmt"

	"builders.test/internal/check"
	"builders.test/internal/console"
	"builders.test/internal/sabotage"
	"builders.test/internal/show"
	"github.com/spf13/cobra"
)

func newShowCommand() *cobra.Command {
	in, dir := check.Here(), ""
	command := &cobra.Command{
		Use:   "show ID",
		Short: "Shows everything that is known about one claim",
		Long: `show prints a claim's sentence, its source, history and needs, its proof, the
sabotages that it catches, and the commands of the last run with their output.`,
		Example: `  builders show caching/second-build
  builders show cleanup/rm --out build/test/v0.34.2`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			in.Stderr = command.ErrOrStderr()
			project, err := in.Open(command.Context())
			if err != nil {
				return err
			}
			one, err := project.Book.Find(args[0])
			if err != nil {
				return fmt.Errorf("%w; `%s` lists the claims%s", err, show.Lister(in.Specs), ofScripts(in.Specs))
			}
			out := command.OutOrStdout()
			width, _ := console.Width(out)
			return show.Of(one, sabotage.Killers(one.ID), dir, in.Specs).Write(out, width)
		},
	}
	outFlag(command.Flags(), &dir, "check", "folder of the last run")
	command.Flags().StringVar(&in.Specs, "specs", variable("SPECS", ""), "a folder with your own scripts, which has the claim")
	return command
}

// ofScripts says where the claims of scripts are if only the book was looked at.
func ofScripts(specs string) string {
	if specs != "" {
		return ""
	}
	return " of the book, --specs=DIR those of your scripts"
}
