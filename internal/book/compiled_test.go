package book

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

// aModule is a small module, with a program that was made from it.
func aModule(t *testing.T) (dir, program string) {
	t.Helper()
	t.Setenv("GOENV", filepath.Join(t.TempDir(), "env"))
	t.Setenv("GOFLAGS", "")
	t.Setenv("GOWORK", "")
	folder := fs.NewDir(t, "module",
		fs.WithFile("go.mod", "module example.test\n\ngo 1.26\n"),
		fs.WithFile("a_test.go", "package example\n"),
		fs.WithDir("build", fs.WithFile("specs.test", "a program")),
		fs.WithDir("testdata", fs.WithFile("text", "embedded")))
	return folder.Path(), folder.Join("build", "specs.test")
}

func TestTheSourcesChangeWithWhateverGoReads(t *testing.T) {
	dir, program := aModule(t)
	before := sources(dir)
	assert.Assert(t, before != "")
	write := func(name, text string) func(*testing.T) {
		return func(t *testing.T) {
			assert.NilError(t, os.WriteFile(name, []byte(text), 0o600))
			t.Cleanup(func() { assert.NilError(t, os.Remove(name)) })
		}
	}
	for name, change := range map[string]func(*testing.T){
		"a new file":        write(filepath.Join(dir, "b_test.go"), "package example\n"),
		"an embedded file":  write(filepath.Join(dir, "testdata", "more"), "x"),
		"a setting of go's": write(os.Getenv("GOENV"), "GOAMD64=v3\n"),
		"a variable":        func(t *testing.T) { t.Setenv("GOOS", "plan9") },
		"a C compiler":      func(t *testing.T) { t.Setenv("CC", "clang") },
	} {
		t.Run(name, func(t *testing.T) {
			change(t)
			now := sources(dir)
			assert.Assert(t, now != "" && now != before)
		})
	}
	assert.NilError(t, os.WriteFile(program, []byte("another program"), 0o600))
	assert.Equal(t, sources(dir), before, "what is made from the sources is none")
}

func TestSourcesElsewhereAreUnknown(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, dir string){
		"a replaced module": func(t *testing.T, dir string) {
			assert.NilError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.test\n\nreplace other.test => ../other\n"), 0o600))
		},
		"a workspace": func(t *testing.T, dir string) {
			assert.NilError(t, os.WriteFile(filepath.Join(dir, "go.work"), []byte("go 1.26\n"), 0o600))
		},
		"another workspace": func(t *testing.T, _ string) { t.Setenv("GOWORK", "/elsewhere/go.work") },
		"an overlay":        func(t *testing.T, _ string) { t.Setenv("GOFLAGS", "-overlay=/tmp/x.json") },
		"a link": func(t *testing.T, dir string) {
			assert.NilError(t, os.Symlink("/elsewhere", filepath.Join(dir, "c.go")))
		},
		"no module": func(t *testing.T, dir string) { assert.NilError(t, os.Remove(filepath.Join(dir, "go.mod"))) },
		"no go":     func(t *testing.T, _ string) { t.Setenv("PATH", t.TempDir()) },
	} {
		t.Run(name, func(t *testing.T) {
			dir, _ := aModule(t)
			change(t, dir)
			assert.Equal(t, sources(dir), "")
		})
	}
}

func TestAProgramIsUpToDateAsLongAsNothingChanges(t *testing.T) {
	dir, program := aModule(t)
	from := sources(dir)
	converter := filepath.Join(t.TempDir(), "test2json")
	assert.NilError(t, os.WriteFile(converter, nil, 0o700))

	_, ok := upToDate(program, from)
	assert.Assert(t, !ok, "there is no note yet")
	note(program, from, converter)
	c, ok := upToDate(program, from)
	assert.Assert(t, ok)
	assert.Equal(t, c.Test2json, converter)

	_, ok = upToDate(program, "other")
	assert.Assert(t, !ok, "its sources are others")
	_, ok = upToDate(program, "")
	assert.Assert(t, !ok, "its sources are unknown")
	assert.NilError(t, os.Remove(converter))
	_, ok = upToDate(program, from)
	assert.Assert(t, !ok, "go has cleaned its cache")
	assert.NilError(t, os.WriteFile(converter, nil, 0o700))
	assert.NilError(t, os.WriteFile(program, []byte("another program"), 0o600))
	_, ok = upToDate(program, from)
	assert.Assert(t, !ok, "somebody has compiled something else")
	note(program, "", converter)
	_, ok = upToDate(program, "")
	assert.Assert(t, !ok)
}
