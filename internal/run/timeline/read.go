// Package timeline reconstructs from the evidence of a finished run what ran when, what
// waited, and which claims the end of the run had to wait for.
package timeline

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"builders.test/helpers/evidence"
	"builders.test/helpers/usage"
	"builders.test/internal/report"
	"builders.test/internal/run"
)

// Timeline is a run.
type Timeline struct {
	// Span is the test process, from its start to its end.
	run.Span
	// Claims are in the order in which they began, without those that did not apply.
	Claims []Claim
	// Usage are samples of what the run cost its machine; empty for runs without them.
	Usage []usage.Sample
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
	// Build reports whether it builds, and Boots is how many BuildKits it started.
	Build bool
	Boots int
}

// Read reads the run whose output folder is dir.
func Read(dir string) (Timeline, error) {
	r, err := report.Read(filepath.Join(dir, report.File))
	if err != nil {
		return Timeline{}, err
	}
	return Of(os.DirFS(dir), r)
}

// Of returns the timeline of the run whose output folder and report are given.
func Of(dir fs.FS, r report.Report) (Timeline, error) {
	stream, err := fs.ReadFile(dir, run.Stream)
	if err != nil {
		return Timeline{}, fmt.Errorf("the run's folder has no test stream, which says when claims ran: %w", err)
	}
	process, tests := run.Spans(stream)
	t := Timeline{Span: process, Usage: usage.Read(dir)}
	for _, one := range r.Claims {
		if span, ended := tests[one.Test]; ended && one.Evidence != "" {
			t.Claims = append(t.Claims, Claim{ID: one.ID, Span: span, Commands: commands(dir, one)})
		}
	}
	if len(t.Claims) == 0 {
		return Timeline{}, errors.New("no claim of the run was tested to its end")
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
				CPU:   time.Duration(stored.CPU * float64(time.Second)),
				Build: builds(stored.Args), Boots: boots(out, stored),
			})
		}
	}
	slices.SortStableFunc(all, func(a, b Command) int { return a.From.Compare(b.From) })
	return all
}

// deeper are words after which another one says what the command does.
var deeper = []string{"docker", "docker-buildx", "buildx", "image", "imagetools", "container", "volume", "builder", "buildx history"}

// valued are options before the command's name that take the next word as their value.
var valued = []string{"--builder", "--config", "--context", "-c", "--host", "-H"}

// what is a command line up to the word that says what it does, without options.
func what(args []string) string {
	var words []string
	for i, word := range args {
		if strings.HasPrefix(word, "-") || i > 0 && slices.Contains(valued, args[i-1]) {
			continue
		}
		if i == 0 {
			word = filepath.Base(word)
		}
		words = append(words, word)
		if !slices.Contains(deeper, word) && !slices.Contains(deeper, strings.Join(words[max(0, len(words)-2):], " ")) {
			break
		}
	}
	return strings.Join(words, " ")
}
