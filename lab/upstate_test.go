package lab

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
)

func TestUpStateIsOfOneProgram(t *testing.T) {
	u := upState{filepath.Join(t.TempDir(), "note")}
	assert.Equal(t, len(u.read().BuildKits), 0)
	u.add([]string{"v0.34.2", "v0.11.5"}, []string{"1.7"})
	u.add([]string{"v0.25.2", "v0.34.2"}, nil)
	s := u.read()
	assert.DeepEqual(t, s.BuildKits, []string{"v0.11.5", "v0.25.2", "v0.34.2"})
	assert.DeepEqual(t, s.Frontends, []string{"1.7"})

	assert.NilError(t, os.WriteFile(u.file, []byte(`{"program":"another","buildkits":["v0.1.0"]}`), 0o644))
	assert.Equal(t, len(u.read().BuildKits), 0)
	assert.NilError(t, os.WriteFile(u.file, []byte(`no JSON`), 0o644))
	assert.Equal(t, len(u.read().BuildKits), 0)
}

func TestBuildID(t *testing.T) {
	path, err := os.Executable()
	assert.NilError(t, err)
	assert.Equal(t, len(buildID(path)), 64)
	text := filepath.Join(t.TempDir(), "script")
	assert.NilError(t, os.WriteFile(text, []byte("#!/bin/sh\n"), 0o755))
	assert.Equal(t, buildID(text), "")
}

func TestWhatWasNotMadeIsNotUp(t *testing.T) {
	l := open(t)
	l.site.Run = t.TempDir()
	l.upState().add([]string{"v0.11.5"}, nil)
	assert.Assert(t, l.upState().has([]string{"v0.11.5"}, nil))
	assert.Assert(t, !l.isUp(t.Context(), []string{"v0.34.2"}, nil))
	assert.Assert(t, !l.isUp(t.Context(), nil, []string{"1.10"}))
}
