package settings

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

func TestRead(t *testing.T) {
	f := &File{Path: filepath.Join(t.TempDir(), "lab.json")}
	if got, err := f.Read(); err != nil || got.Port != 0 || got.Nets == nil {
		t.Errorf("without a file: %+v, %v", got, err)
	}
	for text, want := range map[string]map[string]int{
		`{"port":1}`:                        {},
		`{"port":1,"nets":{"overlay2":14}}`: {"overlay2": 14},
	} {
		write(t, f, text)
		if got, err := f.Read(); err != nil || got.Port != 1 || !maps.Equal(got.Nets, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	write(t, f, "{")
	if _, err := f.Read(); err == nil {
		t.Error("half a file gives no error")
	}
}

func write(t *testing.T, f *File, text string) {
	t.Helper()
	if err := os.WriteFile(f.Path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestChange(t *testing.T) {
	f := &File{Path: filepath.Join(t.TempDir(), "lab.json")}
	for _, store := range []string{"one", "two"} {
		if err := f.Change(func(s *Settings) { s.Nets[store] = len(s.Nets) }); err != nil {
			t.Fatal(err)
		}
	}
	got, err := f.Read()
	if err != nil || !maps.Equal(got.Nets, map[string]int{"one": 0, "two": 1}) {
		t.Errorf("settings %+v, %v", got, err)
	}
}
