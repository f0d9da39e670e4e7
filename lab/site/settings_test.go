package site

import (
	"maps"
	"os"
	"testing"
)

func TestSettings(t *testing.T) {
	s := At(t.TempDir(), nil)
	if got, err := s.Settings(); err != nil || got.Port != 0 || got.Nets == nil {
		t.Errorf("without a file: %+v, %v", got, err)
	}
	for text, want := range map[string]map[string]int{
		`{"port":1}`:                        {},
		`{"port":1,"nets":{"overlay2":14}}`: {"overlay2": 14},
	} {
		write(t, s, text)
		if got, err := s.Settings(); err != nil || got.Port != 1 || !maps.Equal(got.Nets, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	write(t, s, "{")
	if _, err := s.Settings(); err == nil {
		t.Error("half a file gives no error")
	}
}

func write(t *testing.T, s *Site, text string) {
	t.Helper()
	if err := os.WriteFile(s.Path("lab.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestChange(t *testing.T) {
	s := At(t.TempDir(), nil)
	for _, store := range []string{"one", "two"} {
		if err := s.Change(func(all *Settings) { all.Nets[store] = len(all.Nets) }); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Settings()
	if err != nil || !maps.Equal(got.Nets, map[string]int{"one": 0, "two": 1}) {
		t.Errorf("settings %+v, %v", got, err)
	}
}
