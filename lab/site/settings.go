package site

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/moby/sys/atomicwriter"
)

// Settings are the choices that a lab makes once and keeps, because names of
// images and networks carry them.
type Settings struct {
	// Port of the registry on 127.0.0.1; 0 before the first `up`.
	Port int `json:"port"`
	// Nets are the numbers of the engines' /20s within 198.18.0.0/15, by
	// image store.
	Nets map[string]int `json:"nets"`
	// CLI is the folder of a docker command that the lab brought along.
	CLI string `json:"cli,omitempty"`
}

// Settings reads the settings; a lab that was never up has none.
func (s *Site) Settings() (Settings, error) {
	all := Settings{}
	data, err := os.ReadFile(s.Path("lab.json"))
	if len(data) > 0 {
		err = json.Unmarshal(data, &all)
	}
	if all.Nets == nil {
		all.Nets = map[string]int{}
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return all, fmt.Errorf("%s: %w", s.Path("lab.json"), err)
	}
	return all, nil
}

// Change changes the settings; parts of the lab that come up side by side may
// do so.
func (s *Site) Change(fn func(*Settings)) error {
	s.settings.Lock()
	defer s.settings.Unlock()
	all, err := s.Settings()
	if err != nil {
		return err
	}
	fn(&all)
	data, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return atomicwriter.WriteFile(s.Path("lab.json"), data, 0o644)
}
