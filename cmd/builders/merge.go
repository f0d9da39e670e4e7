package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"builders.test/internal/check"
	"builders.test/internal/console"
	"builders.test/internal/dossier"
	"builders.test/internal/report"
	"builders.test/internal/views"
	"github.com/spf13/cobra"
)

func newMergeCommand() *cobra.Command {
	var wanted views.Files
	var judged check.Request
	command := &cobra.Command{
		Use:   "merge DIR...",
		Short: "Joins the reports of several machines into one table",
		Long: `merge reads the report.json in each folder and prints one table: claims down,
reports across, and writes a page of them where one is wanted. It refuses reports
that don't belong together: of different books of claims, or of the same subject
twice.

It exits with 1 when a claim is broken somewhere, with 2 when the environment
failed somewhere, and with 0 otherwise. Known faults and unsteady claims are shown
and change that only under STRICT=1.`,
		Example: `  builders merge build/matrix/*
  builders merge --html all.html laptop/ graviton/ staging/`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := judged.Validate(); err != nil {
				return err
			}
			d, err := merged(args)
			if err != nil {
				return err
			}
			seconds := make([]float64, len(d.Runs))
			reports := make([]report.Report, len(d.Runs))
			for i, run := range d.Runs {
				reports[i] = run.Report
				for _, claim := range run.Report.Claims {
					seconds[i] += claim.Seconds
				}
			}
			console.New(c.OutOrStdout(), c.ErrOrStderr(), ".").Matrix(d.Table, seconds)
			if err := wanted.Write(d, c.OutOrStdout()); err != nil {
				return err
			}
			return judged.Policy().Runs(0, reports...)
		},
	}
	viewFlags(command.Flags(), &wanted)
	strictFlag(command.Flags(), &judged)
	return command
}

// merged reads the reports that lie in folders; what holds none but lies among
// them, such as report.html, is passed over.
func merged(dirs []string) (dossier.Dossier, error) {
	dirs = slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool {
		info, err := os.Stat(dir)
		return err == nil && !info.IsDir()
	})
	d, err := dossier.Read(dirs...)
	if err != nil {
		return dossier.Dossier{}, err
	}
	if err := d.OneBook(); err != nil {
		return dossier.Dossier{}, err
	}
	seen := map[report.Subject]string{}
	for _, run := range d.Runs {
		if other, twice := seen[run.Report.Subject]; twice {
			return dossier.Dossier{}, fmt.Errorf("%s and %s don't belong together: they are two reports of the same subject", filepath.Clean(other), filepath.Clean(run.Dir))
		}
		seen[run.Report.Subject] = run.Dir
	}
	return d, nil
}
