package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/sys/atomicwriter"
)

// standing notes what an `up` has made, so that the next one can see without
// waiting for others that nothing is missing. It lies in the folder that goes
// when the lab goes down.
type standing struct {
	// Program identifies the binary that made it: another one may make other
	// images.
	Program   string   `json:"program"`
	BuildKits []string `json:"buildkits"`
	Frontends []string `json:"frontends"`
}

func (l *Lab) standingNote() string { return filepath.Join(l.run, "standing.json") }

// readStanding is empty where there is no note or another program wrote it.
func (l *Lab) readStanding() standing {
	mine, err := thisProgram()
	if err != nil {
		return standing{}
	}
	var s standing
	content, err := os.ReadFile(l.standingNote())
	if err != nil || json.Unmarshal(content, &s) != nil || s.Program != mine {
		return standing{Program: mine}
	}
	return s
}

// writeStanding adds to the note; only who has the lab for himself may. Without
// a note the next `up` only takes longer, so a failure is nobody's concern.
func (l *Lab) writeStanding(tags, syntaxes []string) {
	s := l.readStanding()
	s.BuildKits = union(s.BuildKits, tags)
	s.Frontends = union(s.Frontends, syntaxes)
	if content, err := json.Marshal(s); err == nil && s.Program != "" {
		_ = atomicwriter.WriteFile(l.standingNote(), content, 0o644)
	}
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// stands tells whether all that is wanted was made and runs. It changes
// nothing, so it needs no lock.
func (l *Lab) stands(ctx context.Context, tags, syntaxes []string) bool {
	s := l.readStanding()
	missing := func(have []string) func(string) bool {
		return func(tag string) bool { return !slices.Contains(have, tag) }
	}
	if slices.ContainsFunc(tags, missing(s.BuildKits)) || slices.ContainsFunc(syntaxes, missing(s.Frontends)) {
		return false
	}
	for _, e := range engines {
		if !l.isCurrent(ctx, e) {
			return false
		}
	}
	if !l.registryAnswers(ctx) {
		return false
	}
	f := l.emulated()
	_, emulated := f.handler(binfmtRoot, func(entry string) bool {
		return strings.HasPrefix(entry, entryPrefix) && entry != l.entryName(f)
	})
	return emulated
}

// thisProgram identifies the running binary by its content.
func thisProgram() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
