package env

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"builders.test/helpers/subject"
)

// Dive is the program file of a release of dive.
func (e *Environment) Dive(release string) (string, error) {
	if e.settings.dive == "" {
		return "", errors.New("BUILDERS_DIVE names no folder with programs dive-" + subject.OldDive + " and dive-" + subject.NewDive)
	}
	program := filepath.Join(e.settings.dive, "dive-"+release)
	if info, err := os.Stat(program); err != nil || info.IsDir() {
		return "", fmt.Errorf("BUILDERS_DIVE: there is no program %s", program)
	}
	return program, nil
}

// Dives fails unless both releases are there.
func (e *Environment) Dives() error {
	_, err := e.Dive(subject.OldDive)
	if err == nil {
		_, err = e.Dive(subject.NewDive)
	}
	return err
}
