package env

import (
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

// memory is what earlier runs learned about BuildKit images on one engine since it
// started: an image always says the same, and an engine that ran it as a builder still
// does. It is a file of the user's.
type memory struct {
	// Start is the engine's start; see [Environment.Start].
	Start string
	// Images has what images said, by id.
	Images map[string]versions

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
		m.Images = read.Images
	}
	return m
}

func (m memory) of(image string) (said versions, known bool) {
	said, known = m.Images[image]
	return said, known && said.Version != "" && said.Runc != ""
}

// keep adds an image. If that fails, the next run asks the image again.
func (m memory) keep(image string, said versions) {
	if m.file == "" {
		return
	}
	all := map[string]versions{}
	maps.Copy(all, m.Images)
	all[image] = said
	m.Images = all
	if encoded, err := json.Marshal(m); err == nil {
		_ = atomicwriter.WriteFile(m.file, encoded, 0o600)
	}
}
