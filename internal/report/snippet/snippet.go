// Package snippet reads the evidence of claims for display: safe to show, and both ends
// of long texts.
package snippet

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"builders.test/helpers/evidence"
	"builders.test/helpers/progress"
	"builders.test/internal/report"
	"builders.test/internal/text/sanitize"
)

// Evidence is the evidence of one claim in one run, as it was found.
type Evidence struct {
	Commands []Command
	// Failure is what the assertions said; without a path if they said nothing.
	Failure Text
	// Notes are the other texts, which are not a command's output.
	Notes []Text
	// Again is the evidence of the further tries; empty if the claim was tried once.
	Again []Evidence
}

// Command is one command that was run for a claim.
type Command struct {
	evidence.Command
	Stdout, Stderr Text
	// Steps are the steps of a build; empty for any other command.
	Steps []Step
}

// Of reads the evidence of a claim from the folder of its run, and nothing outside it;
// nil if there is none.
func Of(run fs.FS, one report.Claim) *Evidence {
	all := read(run, one.Evidence)
	found := !all.Empty()
	for i := 1; i < len(one.Tries); i++ {
		try := read(run, one.Tries[i].Evidence)
		found = found || !try.Empty()
		all.Again = append(all.Again, try)
	}
	if !found {
		return nil
	}
	return &all
}

// Empty reports whether the first try has none.
func (e Evidence) Empty() bool {
	return len(e.Commands)+len(e.Notes) == 0 && e.Failure.Path == ""
}

// OfTry returns the evidence of a try, counted from zero; nil if there is none.
func (e *Evidence) OfTry(number int) *Evidence {
	switch {
	case e == nil || number > len(e.Again):
		return nil
	case number == 0:
		return e
	}
	return &e.Again[number-1]
}

func read(run fs.FS, folder string) Evidence {
	var e Evidence
	if !fs.ValidPath(folder) || folder == "." {
		return e
	}
	entries, err := fs.ReadDir(run, folder)
	if err != nil {
		return e
	}
	for _, entry := range entries {
		switch file := path.Join(folder, entry.Name()); {
		case entry.IsDir():
		case entry.Name() == evidence.FailureFile:
			e.Failure = readText(run, file)
		default:
			e.Notes = append(e.Notes, readText(run, file))
		}
	}
	for _, stored := range evidence.Commands(run, folder) {
		e.Commands = append(e.Commands, readCommand(run, stored))
	}
	return e
}

func readCommand(run fs.FS, stored evidence.Stored) Command {
	c := Command{
		Command: stored.Command,
		Stdout:  readText(run, path.Join(stored.Dir, evidence.StdoutFile)),
		Stderr:  readText(run, path.Join(stored.Dir, evidence.StderrFile)),
		Steps:   readSteps(run, path.Join(stored.Dir, evidence.ProgressFile)),
	}
	c.Line = sanitize.Block(c.Line)
	for i, arg := range c.Args {
		c.Args[i] = sanitize.Block(arg)
	}
	return c
}

// Text is a text; if it is long, only both ends of it were read.
type Text struct {
	// Path is where the whole text is, relative to the report.
	Path string
	// Head and Tail are everything if Gap is zero; Gap is how many bytes are between
	// them.
	Head, Tail string
	Gap        int64
}

// keptEnd is how much is read of either end of a long text, in bytes.
const keptEnd = 24 << 10

func readText(run fs.FS, file string) Text {
	nothing := Text{Path: sanitize.Line(file)}
	f, err := run.Open(file)
	if err != nil {
		return nothing
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nothing
	}
	if info.Size() <= 2*keptEnd {
		whole, err := io.ReadAll(io.LimitReader(f, 2*keptEnd))
		if err != nil {
			return nothing
		}
		return ends(file, string(whole))
	}
	at, ok := f.(io.ReaderAt)
	if !ok {
		return nothing
	}
	head, tail := make([]byte, keptEnd), make([]byte, keptEnd)
	_, first := at.ReadAt(head, 0)
	_, last := at.ReadAt(tail, info.Size()-keptEnd)
	if errors.Join(first, last) != nil {
		return nothing
	}
	return Text{
		Path: nothing.Path, Gap: info.Size() - 2*keptEnd,
		Head: sanitize.Block(string(head)), Tail: sanitize.Block(string(tail)),
	}
}

// ends keeps both ends of a text that has already been read.
func ends(file, s string) Text {
	t := Text{Path: sanitize.Line(file)}
	if len(s) <= 2*keptEnd {
		t.Head = sanitize.Block(s)
		return t
	}
	t.Gap = int64(len(s) - 2*keptEnd)
	t.Head, t.Tail = sanitize.Block(s[:keptEnd]), sanitize.Block(s[len(s)-keptEnd:])
	return t
}

// Limit is how many bytes are kept of a text's beginning and end.
type Limit struct{ Head, Tail int }

// Keep shortens the text to so many bytes of its beginning and of its end, at line
// breaks if there are any nearby.
func (t Text) Keep(l Limit) Text {
	if t.Gap == 0 && len(t.Head)+len(t.Tail) <= l.Head+l.Tail {
		return t
	}
	end := t.Tail
	if end == "" {
		end = t.Head
	}
	begin := cutAfter(t.Head, l.Head)
	end = cutBefore(end, min(l.Tail, len(t.Head)+len(t.Tail)-len(begin)))
	t.Gap += int64(len(t.Head) + len(t.Tail) - len(begin) - len(end))
	t.Head, t.Tail = begin, end
	return t
}

// cutAfter keeps at most size bytes of the beginning.
func cutAfter(s string, size int) string {
	if len(s) <= size {
		return s
	}
	kept := strings.ToValidUTF8(s[:size], "")
	if line := strings.LastIndexByte(kept, '\n'); line >= len(kept)/2 {
		return kept[:line+1]
	}
	return kept
}

// cutBefore keeps at most size bytes of the end.
func cutBefore(s string, size int) string {
	if len(s) <= size {
		return s
	}
	kept := strings.ToValidUTF8(s[len(s)-size:], "")
	if line := strings.IndexByte(kept, '\n'); line >= 0 && line < len(kept)/2 {
		return kept[line+1:]
	}
	return kept
}

// keptProgress bounds how much of a build's progress is read, in bytes.
const keptProgress = 16 << 20

func readSteps(run fs.FS, file string) []Step {
	content, err := fs.ReadFile(run, file)
	if err != nil {
		return nil
	}
	told, err := progress.Parse(bytes.NewReader(content[:min(len(content), keptProgress)]))
	if err != nil {
		return nil
	}
	return newSteps(told.Vertices, file)
}
