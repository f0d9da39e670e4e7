package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"builders.test/internal/console"
	"builders.test/internal/dossier"
	"builders.test/internal/junit"
	"builders.test/internal/markdown"
	"builders.test/internal/page"
	"builders.test/internal/report"
	"github.com/moby/sys/atomicwriter"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// reports says which formats to write, and where.
type reports struct {
	// Files; empty where a format is not wanted. markdown may be "-", the
	// standard output.
	html, junit, markdown string
}

func (r *reports) flags(flags *pflag.FlagSet) {
	flags.StringVar(&r.html, "html", "", "file for the HTML page")
	flags.StringVar(&r.junit, "junit", "", "file for the JUnit XML")
	flags.StringVar(&r.markdown, "markdown", "", "file for the Markdown; - is the standard output")
}

func newReportCommand() *cobra.Command {
	var (
		wanted            reports
		compare, failures bool
	)
	command := &cobra.Command{
		Use:   "report DIR…",
		Short: "Makes pages for people and CI servers of runs that are over",
		Long: `report reads report.json and the evidence from the folders that runs wrote (OUT)
and makes of them an HTML page, JUnit XML or Markdown. One folder is a check;
two with --compare are a baseline and a candidate; several are a matrix, whose
columns are best given from old to new. Without a format it writes report.html
into the first folder.`,
		Example: `  builders report build/check
  builders report --compare --html upgrade.html build/test/v0.11.5 build/test/v0.34.2
  builders report --markdown - build/check
  builders report --failures build/check`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, dirs []string) error {
			d, err := readDossier(dirs, compare)
			if err != nil {
				return err
			}
			if failures {
				screen := console.New(command.OutOrStdout(), command.ErrOrStderr(), "")
				for _, run := range d.Runs {
					screen.Failed(run.Report)
				}
			}
			if wanted == (reports{}) && !failures {
				wanted.html = filepath.Join(dirs[0], report.Page)
			}
			return wanted.write(d, command.OutOrStdout())
		},
	}
	flags := command.Flags()
	wanted.flags(flags)
	flags.BoolVar(&failures, "failures", false, "print what failed, a line each")
	flags.BoolVar(&compare, "compare", false, "take the first folder for the baseline of the second")
	return command
}

// readDossier reads runs from their folders; compare makes the first of two
// the baseline.
func readDossier(dirs []string, compare bool) (dossier.Dossier, error) {
	if compare && len(dirs) != 2 {
		return dossier.Dossier{}, fmt.Errorf("--compare needs two folders, the baseline's first, and was given %d", len(dirs))
	}
	d, err := dossier.Read(dirs...)
	if err != nil || !compare {
		return d, err
	}
	return dossier.Compare(d.Runs[0], d.Runs[1]), d.OneBook()
}

// write writes all formats that are wanted; one that fails keeps none of the
// others from being written.
func (r reports) write(d dossier.Dossier, stdout io.Writer) error {
	var failed []error
	if r.html != "" {
		failed = append(failed, page.Write(r.html, d))
	}
	if r.junit != "" {
		failed = append(failed, writeFile(r.junit, "--junit", d, junit.Write))
	}
	switch r.markdown {
	case "":
	case "-":
		failed = append(failed, markdown.Write(stdout, d))
	default:
		failed = append(failed, writeFile(r.markdown, "--markdown", d, markdown.Write))
	}
	return errors.Join(failed...)
}

// writeFile writes one format to a file, whole or not at all.
func writeFile(file, flag string, d dossier.Dossier, format func(io.Writer, dossier.Dossier) error) error {
	var content bytes.Buffer
	if err := format(&content, d); err != nil {
		return err
	}
	if err := atomicwriter.WriteFile(file, content.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write %s: %w; name a file in a writable folder with %s", file, err, flag)
	}
	return nil
}

// publish leaves the reports of a run beside its report.json and, in a job of
// GitHub's, in the job's summary, and returns the page's path, empty if there is none.
// The verdict is known by then: what cannot be written is told and changes
// nothing.
func publish(d dossier.Dossier, out string, screen *console.Console) string {
	if err := appendSummary(os.Getenv("GITHUB_STEP_SUMMARY"), d); err != nil {
		screen.Note("note", err.Error())
	}
	wanted := reports{html: filepath.Join(out, report.Page), junit: filepath.Join(out, report.JUnit)}
	if err := wanted.write(d, io.Discard); err != nil {
		screen.Note("note", err.Error())
		return ""
	}
	return wanted.html
}

// appendSummary adds to the file that GitHub shows with a job; an empty name
// is no such file.
func appendSummary(file string, d dossier.Dossier) error {
	if file == "" {
		return nil
	}
	w, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write the job's summary: %w; check GITHUB_STEP_SUMMARY", err)
	}
	return errors.Join(markdown.Write(w, d), w.Close())
}
