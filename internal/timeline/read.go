// Package timeline reconstructs from the evidence of a finished run what ran when, what
// waited, and which claims the end of the run had to wait for.
package timeline

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/evidence"
	"builders.test/internal/report"
	"builders.test/internal/run"
)

// Timeline is a run.
type Timeline struct {
	// Span is the test process, from its start to its end.
	run.Span
	// Claims are in the order in which they began, without those that did not apply.
	Claims []Claim
}

// Claim is one claim's part of a run, with all of its tries.
type Claim struct {
	ID string
	run.Span
	Commands []Command
}

// Command is one that a claim ran.
type Command struct {
	// What is the program and its subcommand, such as "docker buildx build".
	What string
	run.Span
	// CPU is the processor time of the command and its children. What the engine and
	// BuildKit did for it is not in it.
	CPU time.Duration
}

// Read reads the run whose output folder is dir.
func Read(dir string) (Timeline, error) {
	r, err := report.Read(filepath.Join(dir, report.File))
	if err != nil {
		return Timeline{}, err
	}
	stream, err := os.ReadFile(filepath.Join(dir, run.Stream))
	if err != nil {
		return Timeline{}, fmt.Errorf("%s has no test stream, which says when claims ran: %w", dir, err)
	}
	process, tests := run.Spans(stream)
	t := Timeline{Span: process}
	for _, one := range r.Claims {
		if span, ended := tests[one.Test]; ended && one.Evidence != "" {
			t.Claims = append(t.Claims, Claim{ID: one.ID, Span: span, Commands: commands(os.DirFS(dir), one)})
		}
	}
	if len(t.Claims) == 0 {
		return Timeline{}, fmt.Errorf("no claim of the run in %s was tested to its end", dir)
	}
	slices.SortStableFunc(t.Claims, func(a, b Claim) int { return a.From.Compare(b.From) })
	return t, nil
}

// commands are those of all tries of a claim, in the order in which they began.
func commands(out fs.FS, one report.Claim) []Command {
	folders := []string{one.Evidence}
	for _, try := range one.Tries {
		if try.Evidence != one.Evidence && try.Evidence != "" {
			folders = append(folders, try.Evidence)
		}
	}
	var all []Command
	for _, folder := range folders {
		for _, stored := range evidence.Commands(out, folder) {
			took := time.Duration(stored.Seconds * float64(time.Second))
			all = append(all, Command{
				What: what(stored.Args), Span: run.Span{From: stored.Started, To: stored.Started.Add(took)},
				CPU: time.Duration(stored.CPU * float64(time.Second)),
			})
		}
	}
	slices.SortStableFunc(all, func(a, b Command) int { return a.From.Compare(b.From) })
	return all
}

// deeper are words after which another one says what the command does.
var deeper = []string{"docker", "buildx", "image", "imagetools", "container", "volume", "history", "builder"}

// what is a command line up to the word that says what it does.
func what(args []string) string {
	for i, word := range args {
		if !slices.Contains(deeper, word) {
			return strings.Join(args[:i+1], " ")
		}
	}
	return strings.Join(args, " ")
}
