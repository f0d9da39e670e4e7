package files

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
	temp := t.TempDir()
	dir := filepath.Join(t.TempDir(), "bin", "thing")
	half := func(half string) error {
		if err := os.WriteFile(filepath.Join(half, "half"), nil, 0o644); err != nil {
			return err
		}
		return errors.New("stopped")
	}
	if err := Into(dir, temp, half); err == nil || Exists(dir) {
		t.Errorf("half a folder: %v", err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
	if err := Into(dir, temp, func(string) error { return nil }); err != nil || !Exists(dir) {
		t.Errorf("no folder: %v", err)
	}
}
