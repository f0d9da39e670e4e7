package site

import (
	"os"
	"path/filepath"
)

// Exists reports whether there is something at path.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Into fills a new folder in the cache: it appears under its name when fn has
// succeeded, or not at all.
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

// Relink makes link lead to target, whatever it was before.
func Relink(target, link string) error {
	if now, err := os.Readlink(link); err == nil && now == target {
		return nil
	}
	if err := os.Remove(link + ".new"); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Symlink(target, link+".new"); err != nil {
		return err
	}
	return os.Rename(link+".new", link)
}
