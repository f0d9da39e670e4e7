package env

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/moby/sys/atomicwriter"
)

// WriteNote keeps in the run's folder what somebody has to undo, should the run
// not live to do so. A note is there as a whole or not at all: one that was cut
// off by the run's end could never be undone.
func WriteNote(path string, content any) error {
	encoded, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return atomicwriter.WriteFile(path, encoded, 0o600)
}

// ReadNote reads what [WriteNote] wrote. The error is [fs.ErrNotExist] where
// whoever cleans up beside this process was faster.
func ReadNote(path string, content any) error {
	encoded, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(encoded, content); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// RemoveNote is for whoever has undone what a note tells. That somebody else did so
// first is fine.
func RemoveNote(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
