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
	c := newCheck()
	command := &cobra.Command{
		Use:   "show ID",
		Short: "Tells all that is known of one claim",
		Long: `show prints a claim's sentence, its source, history and needs, what proves it and
which sabotages it notices, and the commands of the last run, with what they printed.`,
		Example: `  builders show caching/second-build
  builders show cleanup/rm --out build/test/v0.34.2`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			c.stdout, c.stderr = command.OutOrStdout(), command.ErrOrStderr()
			if err := c.openBook(command.Context()); err != nil {
				return err
			}
			chosen, err := c.book.Select(args[0])
			if err != nil {
				return err
			}
			if len(chosen.Claims) != 1 {
				return fmt.Errorf("%s is %d claims; name one by its id", args[0], len(chosen.Claims))
			}
			sheet := show.Sheet{Claim: chosen.Claims[0], Killers: sabotage.Killers(chosen.Claims[0].ID), Run: os.DirFS(c.out), Dir: c.out}
			if found, err := report.Read(filepath.Join(c.out, report.File)); err == nil {
				sheet.Report = &found
			}
			width, _ := console.Width(c.stdout)
			return sheet.Write(c.stdout, width)
		},
	}
	command.Flags().StringVar(&c.out, "out", variable("OUT", filepath.Join("build", "check")), "folder of the last run")
	command.Flags().StringVar(&c.specs, "specs", variable("SPECS", ""), "a folder with scripts of your own, out of which the claim is")
	return command
}
