// Package site is what all parts of a lab share: where it is, what it chose once,
// and the work in progress.
package site

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/moby/sys/atomicwriter"
)

// Site is the site of one lab. Labs at different sites do not affect each other.
type Site struct {
	// Cache is the folder for everything that is kept.
	Cache string
	// Run is the folder for what ends with the daemons.
	Run string
	// ID is eight hexadecimal digits that identify the lab.
	ID string

	temp string
	work
	progress
}

// At returns the site of the lab with the folder cache, an absolute path. What
// happens is written to progress; nil means silence.
func At(cache string, progress io.Writer) *Site {
	sum := sha256.Sum256([]byte(cache))
	id := hex.EncodeToString(sum[:])[:8]
	// Sockets are in the run folder: their paths must not be longer than 108 bytes,
	// and a cache folder's may be.
	s := &Site{Cache: cache, Run: "/run/builders-" + id, ID: id, progress: newProgress(progress)}
	// A pid would not be enough: one process may open a lab twice.
	s.temp = filepath.Join(s.temps(), rand.Text())
	return s
}

// Path returns a path in the cache folder.
func (s *Site) Path(parts ...string) string {
	return filepath.Join(append([]string{s.Cache}, parts...)...)
}

// Log returns the file that keeps a program's output.
func (s *Site) Log(name string) string { return s.Path("log", name+".log") }

// Exists reports whether there is something at path.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Into fills a new folder in the cache, which appears under its name only if fn
// succeeds.
func (s *Site) Into(dir string, fn func(half string) error) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	half, err := os.MkdirTemp(s.Temp(), filepath.Base(dir)+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(half)
	if err := fn(half); err != nil {
		return err
	}
	if err := os.Chmod(half, 0o755); err != nil {
		return err
	}
	return os.Rename(half, dir)
}

// Relink makes link point to target, whatever it was before.
func Relink(target, link string) error {
	if now, err := os.Readlink(link); err == nil && now == target {
		return nil
	}
	// Another process may be doing the same.
	fresh := link + "." + rand.Text()
	if err := os.Symlink(target, fresh); err != nil {
		return err
	}
	return os.Rename(fresh, link)
}

// Settings are the choices that a lab makes once and keeps, because the names of
// images and networks depend on them.
type Settings struct {
	// Port is the registry's port on 127.0.0.1; 0 before the first `up`.
	Port int `json:"port"`
	// Nets are the numbers of the engines' /20s within 198.18.0.0/15, by
	// image store.
	Nets map[string]int `json:"nets"`
	// CLI is the folder of a docker command that the lab brought along.
	CLI string `json:"cli,omitempty"`
}

// Settings reads the settings; a lab that was never up has none.
func (s *Site) Settings() (Settings, error) {
	all := Settings{}
	data, err := os.ReadFile(s.Path("lab.json"))
	if len(data) > 0 {
		err = json.Unmarshal(data, &all)
	}
	if all.Nets == nil {
		all.Nets = map[string]int{}
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return all, fmt.Errorf("%s: %w", s.Path("lab.json"), err)
	}
	return all, nil
}

// Change changes the settings. Parts of the lab that start at the same time, and
// other processes, may call it.
func (s *Site) Change(fn func(*Settings)) error {
	// Whoever has the lock writes a small file.
	return s.Alone(context.Background(), "settings", func() error { return s.change(fn) })
}

func (s *Site) change(fn func(*Settings)) error {
	all, err := s.Settings()
	if err != nil {
		return err
	}
	fn(&all)
	data, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return atomicwriter.WriteFile(s.Path("lab.json"), data, 0o644)
}

// Sum returns the SHA-256 of files, one after the other, in hexadecimal digits.
func Sum(paths ...string) (string, error) {
	hash := sha256.New()
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return "", err
		}
		_, err = io.Copy(hash, file)
		file.Close()
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
