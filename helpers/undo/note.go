package undo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/moby/sys/atomicwriter"
)

const (
	// folder is where a run's notes are, in its own folder.
	folder = "undo"
	// suffix ends the name of a note, and marked the name of one that is being undone.
	suffix = ".json"
	marked = ".undoing" + suffix
)

// Note says how a thing was before a run changed it.
type Note struct {
	// Kind says whose change it is. A format of Was that older code would misread has
	// its own kind.
	Kind string `json:"kind"`
	// Key says which thing it is among those of its kind.
	Key string `json:"key"`
	// Was is how the thing was, in the format of its kind.
	Was json.RawMessage `json:"was"`

	path string
}

// Read decodes how the thing was.
func (n Note) Read(was any) error {
	if err := json.Unmarshal(n.Was, was); err != nil {
		return fmt.Errorf("%s: %w", n.path, err)
	}
	return nil
}

// Run returns the folder of the run that made the change.
func (n Note) Run() string { return filepath.Dir(filepath.Dir(n.path)) }

// Undoing reports whether the run has begun to undo it: what the run did must not be
// relied on.
func (n Note) Undoing() bool { return strings.HasSuffix(n.path, marked) }

// undoing marks the note. The error is [fs.ErrNotExist] if it has been undone.
func (n Note) undoing() (Note, error) {
	path := strings.TrimSuffix(strings.TrimSuffix(n.path, marked), suffix) + marked
	err := os.Rename(n.path, path)
	if errors.Is(err, fs.ErrNotExist) {
		// It may be marked already.
		_, err = os.Stat(path)
	}
	n.path = path
	return n, err
}

// Log takes the notes of one run, which is one process.
type Log struct {
	run  string
	last atomic.Int64
}

// NewLog returns a log for the run with this folder.
func NewLog(run string) *Log { return &Log{run: run} }

// Write notes how a thing is. Once it returns, the run may change the thing. A
// note is written completely or not at all, since one that was cut off by the
// run's end could never be undone.
func (l *Log) Write(kind, key string, was any) (*Note, error) {
	encoded, err := json.Marshal(was)
	if err != nil {
		return nil, err
	}
	n := Note{Kind: kind, Key: key, Was: encoded, path: filepath.Join(l.run, folder, fmt.Sprintf("%06d-%s%s", l.last.Add(1), kind, suffix))}
	if encoded, err = json.Marshal(n); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(n.path), 0o700); err != nil {
		return nil, err
	}
	return &n, atomicwriter.WriteFile(n.path, encoded, 0o600)
}

// Of lists a run's notes of one kind, the newest first, without those that cannot
// be read.
func Of(run, kind string) []Note {
	var notes []Note
	all, _ := paths(run)
	for _, path := range all {
		if n, err := read(path); err == nil && n.Kind == kind {
			notes = append(notes, n)
		}
	}
	return notes
}

// Find returns a run's newest note about a thing.
func Find(run, kind, key string) (Note, bool) {
	notes := Of(run, kind)
	if i := slices.IndexFunc(notes, func(n Note) bool { return n.Key == key }); i >= 0 {
		return notes[i], true
	}
	return Note{}, false
}

// paths returns the files of a run's notes, the newest first. An unfinished file
// has a name that begins with a dot.
func paths(run string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(run, folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var all []string
	for _, entry := range slices.Backward(entries) {
		if name := entry.Name(); strings.HasSuffix(name, suffix) && !strings.HasPrefix(name, ".") {
			all = append(all, filepath.Join(run, folder, name))
		}
	}
	return all, nil
}

func read(path string) (Note, error) {
	n := Note{path: path}
	content, err := os.ReadFile(path)
	if err != nil {
		return n, err
	}
	if err := json.Unmarshal(content, &n); err != nil {
		return n, fmt.Errorf("%s: %w", path, err)
	}
	return n, nil
}
