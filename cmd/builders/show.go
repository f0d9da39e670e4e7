package main

import (
	"fmt"
	"os"
	"path/filepath"

	"builders.test/internal/console"
	"builders.test/internal/report"
	"builders.test/internal/sabotage"
	"builders.test/internal/show"
	"github.com/spf13/cobra"
)

func newShowCommand() *cobra.Command {
	in, dir := ownWorkspace(), ""
	command := &cobra.Command{
		Use:   "show ID",
		Short: "Tells all that is known of one claim",
		Long: `show prints a claim's sentence, its source, history and needs, what proves it and
which sabotages it notices, and the commands of the last run, with what they printed.`,
		Example: `  builders show caching/second-build
  builders show cleanup/rm --out build/test/v0.34.2`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			in.Stdout, in.Stderr = command.OutOrStdout(), command.ErrOrStderr()
			project, err := in.Open(command.Context())
			if err != nil {
				return err
			}
			chosen, err := project.Book.Select(args[0])
			if err != nil {
				return err
			}
			if len(chosen.Claims) != 1 {
				return fmt.Errorf("%s is %d claims; name one by its id", args[0], len(chosen.Claims))
			}
			sheet := show.Sheet{Claim: chosen.Claims[0], Killers: sabotage.Killers(chosen.Claims[0].ID), Run: os.DirFS(dir), Dir: dir}
			if found, err := report.Read(filepath.Join(dir, report.File)); err == nil {
				sheet.Report = &found
			}
			width, _ := console.Width(in.Stdout)
			return sheet.Write(in.Stdout, width)
		},
	}
	outFlag(command.Flags(), &dir, "check", "folder of the last run")
	command.Flags().StringVar(&in.Specs, "specs", variable("SPECS", ""), "a folder with scripts of your own, out of which the claim is")
	return command
}
