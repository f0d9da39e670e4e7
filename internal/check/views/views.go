// Package views writes runs in the formats that people and CI servers read: an HTML
// page, JUnit XML and Markdown.
package views

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"builders.test/internal/check/exit"
	"builders.test/internal/console"
	"builders.test/internal/junit"
	"builders.test/internal/markdown"
	"builders.test/internal/page"
	"builders.test/internal/report"
	"builders.test/internal/results"
	"builders.test/internal/soak"
	"github.com/moby/sys/atomicwriter"
)

// Files are the files to write; empty for a format that is not wanted. Markdown
// may be "-", the standard output.
type Files struct{ HTML, JUnit, Markdown string }

// Write writes all formats that are wanted; if one fails, the others are written
// anyway.
func (f Files) Write(d results.Set, stdout io.Writer) error {
	var failed []error
	if f.HTML != "" {
		failed = append(failed, page.Write(f.HTML, d))
	}
	if f.JUnit != "" {
		failed = append(failed, writeFile(f.JUnit, "--junit", d, junit.Write))
	}
	switch f.Markdown {
	case "":
	case "-":
		failed = append(failed, markdown.Write(stdout, d))
	default:
		failed = append(failed, writeFile(f.Markdown, "--markdown", d, markdown.Write))
	}
	return errors.Join(failed...)
}

// Merge shows the reports in several folders as one table, writes all formats that are
// wanted, and ends as the verdicts say; strict is what STRICT says.
func (f Files) Merge(strict string, screen *console.Console, stdout io.Writer, dirs ...string) error {
	policy, err := exit.ParsePolicy(strict)
	if err != nil {
		return err
	}
	d, err := results.Merge(dirs...)
	if err != nil {
		return err
	}
	screen.Matrix(d.Table, d.Seconds())
	if err := f.Write(d, stdout); err != nil {
		return err
	}
	return policy.Runs(0, d.Reports()...)
}

// writeFile writes one format to a file, whole or not at all.
func writeFile(file, flag string, d results.Set, format func(io.Writer, results.Set) error) error {
	var content bytes.Buffer
	if err := format(&content, d); err != nil {
		return err
	}
	if err := atomicwriter.WriteFile(file, content.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write %s: %w; name a file in a writable folder with %s", file, err, flag)
	}
	return nil
}

// Publish writes the views of a run next to its report.json in out and, in a GitHub
// job, to the job's summary. It returns the page's path, empty if there is none.
// The verdict is known by then: what cannot be written is noted and changes
// nothing.
func Publish(d results.Set, out string, note func(label, line string)) string {
	if err := appendSummary(os.Getenv("GITHUB_STEP_SUMMARY"), d); err != nil {
		note("note", exit.Line(err))
	}
	wanted := Files{HTML: filepath.Join(out, report.Page), JUnit: filepath.Join(out, report.JUnit)}
	if err := wanted.Write(d, io.Discard); err != nil {
		note("note", exit.Line(err))
		return ""
	}
	return wanted.HTML
}

// appendSummary appends to the file that GitHub shows with a job; an empty name
// means that there is none.
func appendSummary(file string, d results.Set) error {
	if file == "" {
		return nil
	}
	w, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write the job's summary: %w; check GITHUB_STEP_SUMMARY", err)
	}
	return errors.Join(markdown.Write(w, d), w.Close())
}

// WriteSoak leaves the tables of a soak in its folder, for programs, for people, and
// for documents.
func WriteSoak(out string, all soak.Soak) error {
	content, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", soak.File, err)
	}
	var text bytes.Buffer
	if err := markdown.WriteSoak(&text, all); err != nil {
		return err
	}
	html, err := page.RenderSoak(all)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("OUT=%s cannot be created: %w; name a writable folder", out, err)
	}
	for name, content := range map[string][]byte{
		soak.File: append(content, '\n'), soak.Markdown: text.Bytes(), soak.Page: html,
	} {
		if err := atomicwriter.WriteFile(filepath.Join(out, name), content, 0o644); err != nil {
			return fmt.Errorf("OUT=%s cannot be written: %w; name a writable folder", out, err)
		}
	}
	return nil
}
