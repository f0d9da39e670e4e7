// Package show prints everything that is known about one claim: its sentence and
// source, what proves it, what breaks it, and the commands of its last run.
package show

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/helpers/evidence"
	"builders.test/internal/makefile"
	"builders.test/internal/report"
	"builders.test/internal/report/snippet"
	"builders.test/internal/text"
)

// Sheet is what is known about a claim.
type Sheet struct {
	Claim claim.Listed
	// Killers are the sabotages that it notices, by name, with what each does.
	Killers [][2]string
	// Run is the folder of the last run, Dir its name, and Report what it said about
	// the claim; Report is nil if the claim was not in it.
	Run    fs.FS
	Dir    string
	Report *report.Report
	// Specs is the folder of scripts that has the claim; empty for the book's.
	Specs string
}

// Of gathers what is known about a claim, which may be of a folder of scripts,
// including the run whose folder is dir, if there is one.
func Of(one claim.Listed, killers [][2]string, dir, specs string) Sheet {
	s := Sheet{Claim: one, Killers: killers, Run: os.DirFS(dir), Dir: dir, Specs: specs}
	if found, err := report.Read(filepath.Join(dir, report.File)); err == nil {
		s.Report = &found
	}
	return s
}

// kept is how much of a stream is shown, in bytes.
const kept = 4 << 10

// Write prints the sheet for lines of the given width; zero means any.
func (s Sheet) Write(out io.Writer, width int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  %s\n\n", s.Claim.ID, text.Wrap(s.Claim.Text, width, 2))
	field := func(label, value string) {
		const indent = 13
		if value != "" {
			fmt.Fprintf(&b, "  %-9s  %s\n", label, text.Wrap(value, width, indent))
		}
	}
	field("source", s.Claim.Source)
	field("needs", strings.Join(s.Claim.Words(), ", "))
	field("history", s.Claim.History)
	if known := s.Claim.Known; known != nil {
		field("broken in", fmt.Sprintf("%s %s", known.Component, known.Range))
	}
	field("proof", s.Claim.Where+", "+s.Claim.Test)
	for _, killer := range s.Killers {
		field("noticed", killer[0]+": "+killer[1])
	}
	s.last(&b, field)
	_, err := io.WriteString(out, b.String())
	return err
}

// last is what the last run made of the claim.
func (s Sheet) last(b *strings.Builder, field func(label, value string)) {
	one := s.found()
	if one == nil {
		field("last run", "none in "+s.Dir+"; `"+makefile.Check{Run: s.Claim.ID, Specs: s.Specs}.Line()+"` makes one")
		return
	}
	field("last run", fmt.Sprintf("%s on %s, %.1f s, in %s", one.Word(), report.Describe(s.Report.Subject), one.Seconds, s.Dir))
	field("", one.Why())
	found := snippet.Of(s.Run, *one)
	if found == nil {
		return
	}
	for _, command := range found.Commands {
		fmt.Fprintf(b, "\n$ %s\n", command.Line)
		b.WriteString(s.stream(command.Stdout))
		b.WriteString(s.stream(command.Stderr))
		if command.Exit != 0 {
			fmt.Fprintf(b, "(exit code %d)\n", command.Exit)
		}
	}
}

func (s Sheet) found() *report.Claim {
	if s.Report == nil {
		return nil
	}
	for i, one := range s.Report.Claims {
		if one.ID == s.Claim.ID {
			return &s.Report.Claims[i]
		}
	}
	return nil
}

// stream returns the beginning of what a command printed.
func (s Sheet) stream(printed snippet.Text) string {
	printed = printed.Keep(snippet.Limit{Head: kept})
	if printed.Head == "" {
		return ""
	}
	said := strings.TrimRight(printed.Head, "\n") + "\n"
	if printed.Gap > 0 {
		said += fmt.Sprintf("… %d bytes more in %s\n", printed.Gap, path.Join(s.Dir, printed.Path))
	}
	return said
}

// Lister returns the command that lists the claims that can be shown.
func Lister(specs string) string {
	words := []string{"builders", "claims"}
	if specs != "" {
		words = append(words, "--specs", specs)
	}
	return evidence.Line(nil, words)
}
