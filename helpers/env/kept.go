package env

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
)

// keptFile is in the folder of a run that keeps the things of a failed claim for
// inspection. The folder stays with them, so that they are known to be the run's.
const keptFile = "kept"

// Kept is a claim whose things a run has kept for inspection.
type Kept struct {
	// Claim is its name, which is part of the names of its things.
	Claim string
	// Look is a command that shows what was kept, to be pasted into a shell.
	Look string
}

// KeepFor keeps the things of a claim when the run ends.
func (e *Environment) KeepFor(k Kept) error {
	file, err := os.OpenFile(filepath.Join(e.Dir, keptFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keep what %s made: %w", k.Claim, err)
	}
	defer file.Close()
	_, err = fmt.Fprintf(file, "%s\t%s\n", k.Claim, k.Look)
	return err
}

// KeptBy returns the claims whose things a run has kept.
func KeptBy(run string) []Kept {
	content, err := os.ReadFile(filepath.Join(FolderOf(run), keptFile))
	if err != nil {
		return nil
	}
	var all []Kept
	for line := range strings.Lines(string(content)) {
		if name, look, found := strings.Cut(strings.TrimRight(line, "\n"), "\t"); found {
			all = append(all, Kept{Claim: name, Look: look})
		}
	}
	return all
}

// Has reports whether something with this name belongs to the claim that was kept.
func (k Kept) Has(run, name string) bool {
	// Names from [Environment.Name] end with a number, so rm is not taken for rm-all.
	_, rest, found := strings.Cut(name, Prefix+run+"-"+k.Claim+"-")
	return found && rest != "" && unicode.IsDigit(rune(rest[0]))
}
