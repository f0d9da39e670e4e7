// Package settings keeps the choices that a lab makes once, because names of
// images and networks carry them.
package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/moby/sys/atomicwriter"
)

// Settings are a lab's choices.
type Settings struct {
	// Port of the registry on 127.0.0.1; 0 before the first `up`.
	Port int `json:"port"`
	// Nets are the numbers of the engines' /20s within 198.18.0.0/15, by
	// image store.
	Nets map[string]int `json:"nets"`
	// CLI is the folder of a docker command that the lab brought along.
	CLI string `json:"cli,omitempty"`
}

// File is where settings are kept.
type File struct {
	Path string

	mu sync.Mutex
}

// Read reads the settings; a lab that was never up has none.
func (f *File) Read() (Settings, error) {
	s := Settings{}
	data, err := os.ReadFile(f.Path)
	if len(data) > 0 {
		err = json.Unmarshal(data, &s)
	}
	if s.Nets == nil {
		s.Nets = map[string]int{}
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return s, fmt.Errorf("%s: %w", f.Path, err)
	}
	return s, nil
}

// Change changes the settings; parts of the lab that come up side by side may
// do so.
func (f *File) Change(fn func(*Settings)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.Read()
	if err != nil {
		return err
	}
	fn(&s)
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return atomicwriter.WriteFile(f.Path, data, 0o644)
}
