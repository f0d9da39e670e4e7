package env

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"

	"github.com/moby/sys/atomicwriter"
)

// versions are what a BuildKit image says about itself.
type versions struct {
	Version, Runc string
}

// memory is what earlier runs learned about one engine since it started: an image always
// says the same, and an engine that ran it as a builder still does, or a program of another
// platform with the same emulators. It is a file of the user's.
//
// A run that relies on it does the same itself once a claim fails, see [Environment.Probe].
type memory struct {
	// Start is the engine's start; see [Environment.Start].
	Start string
	// Images has what BuildKit images said, by id.
	Images map[string]versions `json:",omitempty"`
	// Platforms has the emulators with which programs of a platform were run.
	Platforms map[string]string `json:",omitempty"`

	file string
}

// memoryOf reads what is known about the images of an engine since a start. Whatever is
// in the way, nothing is known.
func memoryOf(host, start string) memory {
	m := memory{Start: start}
	dir, err := ownFolder()
	if err != nil || start == "" {
		return m
	}
	sum := sha256.Sum256([]byte(host))
	m.file = filepath.Join(dir, fmt.Sprintf("versions-%x.json", sum[:4]))
	content, err := os.ReadFile(m.file)
	var read memory
	if err == nil && json.Unmarshal(content, &read) == nil && read.Start == start {
		m.Images, m.Platforms = read.Images, read.Platforms
	}
	return m
}

// memory is that of this engine, as it is now.
func (e *Environment) memory(ctx context.Context) memory {
	return memoryOf(e.Engine.Host, e.Start(ctx))
}

func (m memory) of(image string) (said versions, known bool) {
	said, known = m.Images[image]
	return said, known && said.Version != "" && said.Runc != ""
}

// keep adds what an image said.
func (m memory) keep(image string, said versions) {
	m.Images = with(m.Images, image, said)
	m.write()
}

// executes reports whether a program of a platform was run with these emulators.
func (m memory) executes(platform, emulators string) bool {
	return emulators != "" && m.Platforms[platform] == emulators
}

// keepPlatform adds that a program of a platform was run.
func (m memory) keepPlatform(platform, emulators string) {
	if emulators == "" {
		return
	}
	m.Platforms = with(m.Platforms, platform, emulators)
	m.write()
}

func with[V any](known map[string]V, key string, value V) map[string]V {
	all := map[string]V{}
	maps.Copy(all, known)
	all[key] = value
	return all
}

// write saves what is known. If that fails, the next run finds out again.
func (m memory) write() {
	if m.file == "" {
		return
	}
	if encoded, err := json.Marshal(m); err == nil {
		_ = atomicwriter.WriteFile(m.file, encoded, 0o600)
	}
}

// emulators identifies what a kernel runs foreign programs with, from the folder where it
// shows that; empty if that is unknown.
func emulators(folder string) string {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return ""
	}
	hash := sha256.New()
	for _, entry := range entries {
		if entry.Name() == "register" {
			continue // it can only be written
		}
		content, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			return ""
		}
		fmt.Fprintf(hash, "%s %d\n%s", entry.Name(), len(content), content)
	}
	return fmt.Sprintf("%x", hash.Sum(nil)[:8])
}
