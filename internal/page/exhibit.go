package page

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"builders.test/helpers/evidence"
	"builders.test/helpers/progress"
	"builders.test/internal/text"
)

// exhibit is the evidence of one claim in one run, as it was found.
type exhibit struct {
	commands []command
	// notes are texts that are no command's output.
	notes []excerpt
	// again are the further tries; none where the claim was tried once.
	again []exhibit
}

func (e exhibit) empty() bool { return len(e.commands)+len(e.notes) == 0 }

// ofTry is the evidence of a try, counted from zero; nil if there is none.
func (e *exhibit) ofTry(number int) *exhibit {
	switch {
	case e == nil || number > len(e.again):
		return nil
	case number == 0:
		return e
	}
	return &e.again[number-1]
}

// command is one command that was run for a claim.
type command struct {
	evidence.Command
	stdout, stderr excerpt
	// steps are those of a build; none for any other command.
	steps []step
}

// excerpt is a text of which, if it is long, only both ends were read. It is
// safe to show.
type excerpt struct {
	// path is where the whole of it lies, relative to the report.
	path string
	// head and tail are all there is when gap is zero; gap is how many bytes
	// lie between them.
	head, tail string
	gap        int64
}

const (
	// keptEnd is how much is read of either end of a long text, in bytes.
	keptEnd = 24 << 10
	// keptProgress bounds how much of a build's progress is read, in bytes.
	keptProgress = 16 << 20
)

// gather reads a folder of evidence, which lies in the folder of its report.
func gather(run fs.FS, folder string) exhibit {
	var e exhibit
	entries, err := fs.ReadDir(run, folder)
	if err != nil {
		return e
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			e.notes = append(e.notes, quote(run, path.Join(folder, entry.Name())))
		}
	}
	for _, stored := range evidence.Commands(run, folder) {
		e.commands = append(e.commands, command{
			Command: stored.Command,
			stdout:  quote(run, path.Join(stored.Dir, evidence.StdoutFile)),
			stderr:  quote(run, path.Join(stored.Dir, evidence.StderrFile)),
			steps:   gatherSteps(run, path.Join(stored.Dir, evidence.ProgressFile)),
		})
	}
	return e
}

func gatherSteps(run fs.FS, file string) []step {
	f, err := run.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	told, err := progress.Parse(io.LimitReader(f, keptProgress))
	if err != nil {
		return nil
	}
	return newSteps(told.Vertices, file)
}

// quote reads a text, or both its ends.
func quote(run fs.FS, file string) excerpt {
	q := excerpt{path: file}
	f, err := run.Open(file)
	if err != nil {
		return q
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return q
	}
	var head, tail bytes.Buffer
	if info.Size() <= 2*keptEnd {
		_, err = io.Copy(&head, io.LimitReader(f, 2*keptEnd))
	} else {
		q.gap = info.Size() - 2*keptEnd
		err = readEnds(f, &head, &tail, info.Size())
	}
	if err != nil {
		return excerpt{path: file}
	}
	q.head, q.tail = text.Block(head.String()), text.Block(tail.String())
	return q
}

var errNoSeeking = errors.New("the file system cannot seek")

func readEnds(f fs.File, head, tail *bytes.Buffer, size int64) error {
	at, ok := f.(io.ReaderAt)
	if !ok {
		return errNoSeeking
	}
	_, first := io.Copy(head, io.NewSectionReader(at, 0, keptEnd))
	_, last := io.Copy(tail, io.NewSectionReader(at, size-keptEnd, keptEnd))
	return errors.Join(first, last)
}

// isFailure tells what a failed spec said from other notes.
func (e excerpt) isFailure() bool { return path.Base(e.path) == "failure.txt" }

// keep shortens the excerpt to so many bytes of its beginning and of its end,
// at ends of lines where there are any nearby.
func (e excerpt) keep(l limit) excerpt {
	whole := e.gap == 0
	if whole && len(e.head)+len(e.tail) <= l.head+l.tail {
		return e
	}
	end := e.tail
	if end == "" {
		end = e.head
	}
	begin := cutAfter(e.head, l.head)
	end = cutBefore(end, min(l.tail, len(e.head)+len(e.tail)-len(begin)))
	e.gap += int64(len(e.head) + len(e.tail) - len(begin) - len(end))
	e.head, e.tail = begin, end
	return e
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

// openRun gives access to the folder of a run and to nothing outside of it,
// whatever paths its report names.
func openRun(dir string) (fs.FS, func() error, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, err
	}
	return root.FS(), root.Close, nil
}
