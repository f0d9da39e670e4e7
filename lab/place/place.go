// Package place says where a lab lies on the machine.
package place

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
)

// Place is one lab's. Labs in different places do not meet.
type Place struct {
	// Cache is the folder for everything that is kept.
	Cache string
	// Run is the folder for what goes with the daemons.
	Run string
	// ID are eight hexadecimal digits that tell the lab from others.
	ID string
}

// At is the place of the lab with the folder cache, which is an absolute path.
func At(cache string) Place {
	sum := sha256.Sum256([]byte(cache))
	id := hex.EncodeToString(sum[:])[:8]
	// Sockets live here: their paths must not be longer than 108 bytes, and a
	// cache folder's may be.
	return Place{Cache: cache, Run: "/run/builders-" + id, ID: id}
}

// Path is a path in the cache folder.
func (p Place) Path(parts ...string) string {
	return filepath.Join(append([]string{p.Cache}, parts...)...)
}

// Temp is the folder for what is half made.
func (p Place) Temp() string { return p.Path("tmp") }

// Log is the file that keeps what a program said.
func (p Place) Log(name string) string { return p.Path("log", name+".log") }
