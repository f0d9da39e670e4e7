package builder

import (
	"os"
	"testing"

	"builders.test/helpers/cli"
	"builders.test/helpers/env"
	"builders.test/helpers/evidence"
	"builders.test/helpers/spec"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/fs"
)

// What buildctl du printed for an empty cache, and for one with a record.
func TestHoldsNothing(t *testing.T) {
	const head = "ID\tRECLAIMABLE\tSIZE\tLAST ACCESSED\n"
	for name, tc := range map[string]struct {
		usage string
		want  bool
	}{
		"empty":                 {head + "Reclaimable:\t0B\nTotal:\t\t0B\n", true},
		"a record":              {head + "x1k3\ttrue\t4.2MB\t\nReclaimable:\t4.2MB\nTotal:\t\t4.2MB\n", false},
		"a record in use":       {head + "x1k3\tfalse\t4.2MB\t\nReclaimable:\t0B\nTotal:\t\t4.2MB\n", false},
		"the answer is cut off": {head, false},
		"no answer":             {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, holdsNothing(tc.usage), tc.want)
		})
	}
}

// idleWith returns a claim whose docker command is a shell script, and two idle builders,
// one of which is on record.
func idleWith(t *testing.T, script string) (*spec.T, *idle, *Builder) {
	t.Helper()
	bin := fs.NewDir(t, "bin", fs.WithFile("docker", "#!/bin/sh\necho \"$@\" >>\"$0.log\"\n"+script, fs.WithMode(0o700)))
	docker := bin.Join("docker")
	kept, err := evidence.Create(t.TempDir(), "builder/borrow")
	assert.NilError(t, err)
	s := &spec.T{TB: t, Env: &env.Environment{Docker: docker, Dir: t.TempDir()}, Evidence: kept}
	dir := fs.NewDir(t, "config", fs.WithDir("instances", fs.WithFile("recorded", "")))
	first, last := &Builder{Name: "unrecorded"}, &Builder{Name: "recorded", Config: cli.Config{Dir: dir.Path()}}
	return s, &idle{all: []*Builder{first, last}}, last
}

func TestTheLastIdleBuilderIsTakenIfItCanBeEmptied(t *testing.T) {
	s, i, last := idleWith(t, `printf 'Reclaimable:\t0B\nTotal:\t0B\n'`)
	assert.Equal(t, i.take(s), last)
	assert.Equal(t, len(i.all), 1)
}

func TestBuildersThatCannotBeEmptiedAreRemoved(t *testing.T) {
	for name, script := range map[string]string{
		"something stays":         `printf 'Reclaimable:\t0B\nTotal:\t4.2MB\n'`,
		"the container is not up": `test "$1" != exec || { echo "is not running" >&2; exit 1; }`,
	} {
		t.Run(name, func(t *testing.T) {
			s, i, _ := idleWith(t, script)
			assert.Assert(t, i.take(s) == nil, "a builder whose cache is not empty was passed on")
			assert.Equal(t, len(i.all), 0)
			log, err := os.ReadFile(s.Env.Docker + ".log")
			assert.NilError(t, err)
			assert.Assert(t, cmp.Contains(string(log), "buildx rm --force recorded"))
		})
	}
}
