package env

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/subject"
	"builders.test/helpers/testbed"
)

// settings are what the process's variables say.
type settings struct {
	buildkit string
	buildx   string
	driver   string
	specs    string
	out      string
	testbed  testbed.Testbed
	confirm  int
	strict   bool
	keep     bool
	needs    map[string]missing
	repro    func(Again) string
	advice   Advice
}

func readSettings(options []Option) (settings, error) {
	s := decided(options)
	s.buildkit = valueOr("BUILDKIT", s.buildkit)
	s.buildx = os.Getenv("BUILDX")
	s.driver = valueOr("DRIVER", subject.DriverContainer)
	s.specs = os.Getenv("SPECS")
	if !slices.Contains(subject.Drivers, s.driver) {
		return s, fmt.Errorf("DRIVER=%s is not a driver; name one of %s", s.driver, strings.Join(subject.Drivers, ", "))
	}
	var err error
	if s.testbed, err = testbed.Given(); err != nil {
		return s, err
	}
	if err := s.testbed.CheckPrograms(); err != nil {
		return s, err
	}
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

// decided returns what a suite decides for itself.
func decided(options []Option) settings {
	s := settings{buildkit: subject.DefaultBuildKit, needs: map[string]missing{}, repro: goTest}
	for _, option := range options {
		option(&s)
	}
	if s.advice.CleanUp == "" {
		s.advice.CleanUp = "`" + CleanVariable + "=1 go test -tags integration -count=1 -v .`"
	}
	return s
}

func valueOr(variable, fallback string) string {
	if value := os.Getenv(variable); value != "" {
		return value
	}
	return fallback
}
