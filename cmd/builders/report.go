package main

import (
	"path/filepath"

	"builders.test/internal/check/views"
	"builders.test/internal/console"
	"builders.test/internal/report"
	"builders.test/internal/results"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func viewFlags(flags *pflag.FlagSet, wanted *views.Files) {
	flags.StringVar(&wanted.HTML, "html", "", "file for the HTML page")
	flags.StringVar(&wanted.JUnit, "junit", "", "file for the JUnit XML")
	flags.StringVar(&wanted.Markdown, "markdown", "", "file for the Markdown; - is the standard output")
}

func newReportCommand() *cobra.Command {
	var (
		wanted            views.Files
		compare, failures bool
	)
	command := &cobra.Command{
		Use:   "report DIR…",
		Short: "Makes pages for people and CI servers from finished runs",
		Long: `report reads report.json and the evidence from the output folders of runs (OUT) and
makes an HTML page, JUnit XML or Markdown. One folder is a check; two with --compare
are a baseline and a candidate; several are a matrix, whose columns are best given
from old to new. Without a format it writes report.html to the first folder.`,
		Example: `  builders report build/check
  builders report --compare --html upgrade.html build/test/v0.11.5 build/test/v0.34.2
  builders report --markdown - build/check
  builders report --failures build/check`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, dirs []string) error {
			read := results.Read
			if compare {
				read = results.ReadPair
			}
			d, err := read(dirs...)
			if err != nil {
				return err
			}
			if failures {
				console.New(command.OutOrStdout(), command.ErrOrStderr(), "").Failed(d.Reports()...)
			}
			if wanted == (views.Files{}) && !failures {
				wanted.HTML = filepath.Join(dirs[0], report.Page)
			}
			return wanted.Write(d, command.OutOrStdout())
		},
	}
	flags := command.Flags()
	viewFlags(flags, &wanted)
	flags.BoolVar(&failures, "failures", false, "print what failed, a line each")
	flags.BoolVar(&compare, "compare", false, "take the first folder for the baseline of the second")
	return command
}
