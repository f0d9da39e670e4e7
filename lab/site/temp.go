package site

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Temp returns the folder for unfinished files, this site's alone. It is there
// within [Site.Temporary].
func (s *Site) Temp() string { return s.temp }

// temps returns the folder with the temporary folders of all processes.
func (s *Site) temps() string { return s.Path("tmp") }

// Temporary runs fn with the temporary folder and removes it afterwards, together
// with those of processes that ended without doing so: what they left unfinished is
// useless.
func (s *Site) Temporary(ctx context.Context, fn func() error) error {
	lock := flock.New(tempLock(s.temp))
	err := s.Alone(ctx, "temporary folders", func() error {
		if err := s.sweep(); err != nil {
			return err
		}
		if err := os.MkdirAll(s.temp, 0o755); err != nil {
			return err
		}
		return lock.Lock()
	})
	if err != nil {
		return err
	}
	defer func() { _ = errors.Join(os.RemoveAll(s.temp), lock.Unlock()) }()
	return fn()
}

// tempLock is the file that a process locks while it needs a temporary folder.
func tempLock(folder string) string { return filepath.Join(folder, "lock") }

// sweep removes the temporary folders that no process needs.
func (s *Site) sweep() error {
	entries, err := os.ReadDir(s.temps())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(s.temps(), e.Name())
		if held(tempLock(path)) {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}
