package env

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/subject"
)

// settings is what the process's variables say.
type settings struct {
	buildkit string
	buildx   string
	driver   string
	engines  map[string]string
	specs    string
	out      string
	mirror   string
	intake   string
	lab      string
	dive     string
	standIns map[string]string
	confirm  int
	strict   bool
	keep     bool
	needs    map[string]missing
	repro    func(Again) string
}

func readSettings(options []Option) (settings, error) {
	s := settings{buildkit: subject.DefaultBuildKit, needs: map[string]missing{}, repro: goTest}
	for _, option := range options {
		option(&s)
	}
	s = settings{
		needs: s.needs, repro: s.repro,
		buildkit: valueOr("BUILDKIT", s.buildkit),
		buildx:   os.Getenv("BUILDX"),
		driver:   valueOr("DRIVER", subject.DriverContainer),
		specs:    os.Getenv("SPECS"),
		mirror:   os.Getenv("BUILDERS_MIRROR"),
		intake:   os.Getenv("BUILDERS_MIRROR_INTAKE"),
		lab:      os.Getenv("BUILDERS_LAB"),
		dive:     os.Getenv("BUILDERS_DIVE"),
	}
	if text := os.Getenv("BUILDERS_STANDINS"); text != "" {
		if err := json.Unmarshal([]byte(text), &s.standIns); err != nil {
			return s, fmt.Errorf("BUILDERS_STANDINS is not a JSON object of strings: %w", err)
		}
	}
	if !slices.Contains(subject.Drivers, s.driver) {
		return s, fmt.Errorf("DRIVER=%s is no driver; name one of %s", s.driver, strings.Join(subject.Drivers, ", "))
	}
	engines, err := engines()
	if err != nil {
		return s, err
	}
	s.engines = engines
	if s.confirm, err = subject.Confirm(os.Getenv("CONFIRM")); err != nil {
		return s, err
	}
	if s.strict, err = subject.Strict(os.Getenv("STRICT")); err != nil {
		return s, err
	}
	if s.keep, err = subject.Keep(os.Getenv("KEEP")); err != nil {
		return s, err
	}
	out, err := filepath.Abs(valueOr("OUT", filepath.Join("build", "check")))
	if err != nil {
		return s, fmt.Errorf("OUT: %w", err)
	}
	s.out = out
	if err := os.MkdirAll(out, 0o755); err != nil {
		return s, fmt.Errorf("OUT=%s cannot be created: %w; name a writable folder", out, err)
	}
	if err := room(out); err != nil {
		return s, fmt.Errorf("OUT=%s: %w; free some space or name another folder", out, err)
	}
	return s, nil
}

func valueOr(variable, fallback string) string {
	if value := os.Getenv(variable); value != "" {
		return value
	}
	return fallback
}
