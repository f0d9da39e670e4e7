package site

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestRelink(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	for _, target := range []string{"one", "two", "two"} {
		if err := Relink(target, link); err != nil {
			t.Fatal(err)
		}
		if got, err := os.Readlink(link); err != nil || got != target {
			t.Errorf("leads to %s, %v", got, err)
		}
	}
}

func TestIntoIsAllOrNothing(t *testing.T) {
	s := At(t.TempDir(), nil)
	if err := os.MkdirAll(s.Temp(), 0o755); err != nil {
		t.Fatal(err)
	}
	dir := s.Path("bin", "thing")
	half := func(half string) error {
		if err := os.WriteFile(filepath.Join(half, "half"), nil, 0o644); err != nil {
			return err
		}
		return errors.New("stopped")
	}
	if err := s.Into(dir, half); err == nil || Exists(dir) {
		t.Errorf("half a folder: %v", err)
	}
	if left, err := os.ReadDir(s.Temp()); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	if err := s.Into(dir, func(string) error { return nil }); err != nil || !Exists(dir) {
		t.Errorf("no folder: %v", err)
	}
}
