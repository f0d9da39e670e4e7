// Package site is what all parts of a lab share: where it lies, what it chose
// once, and the work that is going on.
package site

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"path/filepath"
	"sync"
)

// Site is one lab's. Labs at different sites do not meet.
type Site struct {
	// Cache is the folder for everything that is kept.
	Cache string
	// Run is the folder for what goes with the daemons.
	Run string
	// ID are eight hexadecimal digits that tell the lab from others.
	ID string

	settings sync.Mutex
	work
	progress
}

// At is the site of the lab with the folder cache, which is an absolute path.
// What goes on is written to progress; nil means silence.
func At(cache string, progress io.Writer) *Site {
	sum := sha256.Sum256([]byte(cache))
	id := hex.EncodeToString(sum[:])[:8]
	// Sockets live in the run folder: their paths must not be longer than 108
	// bytes, and a cache folder's may be.
	return &Site{Cache: cache, Run: "/run/builders-" + id, ID: id, progress: newProgress(progress)}
}

// Path is a path in the cache folder.
func (s *Site) Path(parts ...string) string {
	return filepath.Join(append([]string{s.Cache}, parts...)...)
}

// Temp is the folder for what is half made.
func (s *Site) Temp() string { return s.Path("tmp") }

// Log is the file that keeps what a program said.
func (s *Site) Log(name string) string { return s.Path("log", name+".log") }
