package env

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The releases of dive that claims compare.
const (
	// OldDive is the last release before the one that learned to read images
	// of every store.
	OldDive = "v0.12.0"
	// NewDive reads them.
	NewDive = "v0.13.1"
)

// Dive is the program file of a release of dive.
func (e *Environment) Dive(release string) (string, error) {
	if e.settings.dive == "" {
		return "", errors.New("BUILDERS_DIVE names no folder with programs dive-" + OldDive + " and dive-" + NewDive)
	}
	program := filepath.Join(e.settings.dive, "dive-"+release)
	if info, err := os.Stat(program); err != nil || info.IsDir() {
		return "", fmt.Errorf("BUILDERS_DIVE: there is no program %s", program)
	}
	return program, nil
}

// Dives fails unless both releases are there.
func (e *Environment) Dives() error {
	_, err := e.Dive(OldDive)
	if err == nil {
		_, err = e.Dive(NewDive)
	}
	return err
}
