package lab

import (
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"builders.test/lab/site"
	"github.com/moby/sys/atomicwriter"
)

// upState notes what an `up` has made, so that the next one can see, without
// waiting for others, that nothing is missing. It is in the folder that is
// removed when the lab goes down.
type upState struct{ file string }

func (l *Lab) upState() upState { return upState{filepath.Join(l.site.Run, "standing.json")} }

// made is what was made.
type made struct {
	// Program identifies the binary that made it: another binary may make other
	// images.
	Program   string   `json:"program"`
	BuildKits []string `json:"buildkits"`
	Frontends []string `json:"frontends"`
}

// read returns nothing if there is no note or another program wrote it.
func (u upState) read() made {
	mine, err := thisProgram()
	if err != nil {
		return made{}
	}
	if m := u.noted(); m.Program == mine {
		return m
	}
	return made{Program: mine}
}

// noted returns the note, whichever program wrote it.
func (u upState) noted() (m made) {
	if content, err := os.ReadFile(u.file); err == nil {
		_ = json.Unmarshal(content, &m) // a truncated note says less
	}
	return m
}

// note notes what was made. Without a note the next `up` only takes longer, so a
// failure does not matter.
func (l *Lab) note(ctx context.Context, tags, syntaxes []string) {
	_ = l.site.Alone(ctx, "note of what was made", func() error {
		l.upState().add(tags, syntaxes)
		return nil
	})
}

// add adds to the note; only one process at a time may call it.
func (u upState) add(tags, syntaxes []string) {
	m := u.read()
	m.BuildKits = union(m.BuildKits, tags)
	m.Frontends = union(m.Frontends, syntaxes)
	if content, err := json.Marshal(m); err == nil && m.Program != "" {
		_ = atomicwriter.WriteFile(u.file, content, 0o644)
	}
}

// has reports whether all of these were made.
func (u upState) has(tags, syntaxes []string) bool {
	m := u.read()
	return len(union(m.BuildKits, tags)) == len(m.BuildKits) && len(union(m.Frontends, syntaxes)) == len(m.Frontends)
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// isUp reports whether everything that is wanted was made and runs. It changes
// nothing, so it needs no lock.
func (l *Lab) isUp(ctx context.Context, tags, syntaxes []string) bool {
	return l.upState().has(tags, syntaxes) && l.engines.Current(ctx) && l.registry.Answers(ctx) && l.emulation.Lasts()
}

// thisProgram identifies the running binary by its content.
func thisProgram() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	if id := buildID(path); id != "" {
		return id, nil
	}
	return site.Sum(path)
}

// buildID returns a checksum of what the go command wrote into a binary to identify
// its content; reading that takes far less time than reading the whole binary. It is
// empty if there is nothing.
func buildID(path string) string {
	file, err := elf.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	note := file.Section(".note.go.buildid")
	if note == nil {
		return ""
	}
	data, err := note.Data()
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256(data))
}
