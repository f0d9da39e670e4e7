package script

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
	"gotest.tools/v3/icmd"
)

func TestAFailureIsToldInAUsersWords(t *testing.T) {
	for name, want := range map[string]struct {
		why      string
		mistaken bool
	}{
		"exec":      {"`exec sh -c 'echo out; echo why >&2; exit 3'` failed (exit status 3): why", false},
		"nocommand": {"`exec nosuchprogram x`: there is no such program on this machine's PATH", true},
		"match":     {"no match for `three` found in stdout; it is: one two", false},
		"cmp":       {"a and b differ: -one, +two", false},
		"nofile":    {"$WORK/nothing does not exist", false},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".transcript"))
		assert.NilError(t, err)
		found, ok := read(string(text))
		assert.Assert(t, ok, name)
		assert.Equal(t, filepath.Base(shorten(found.at)), shorten(found.at))
		why, mistaken := found.reason()
		assert.Equal(t, why, want.why)
		assert.Equal(t, mistaken, want.mistaken, name)
	}
	_, ok := read("> exec true\n")
	assert.Assert(t, !ok, "nothing failed")
}

func TestWhatBuildxSaysLastDecides(t *testing.T) {
	text, err := os.ReadFile("testdata/bake.stderr")
	assert.NilError(t, err)
	assert.Equal(t, decisive(string(text)), `Dockerfile:3: target two: failed to solve: process "/bin/sh -c echo hello && exit 3" did not complete successfully: exit code: 3`)
	assert.Equal(t, decisive("#0 building\n\nmake: *** no rule\n\n"), "make: *** no rule")
	assert.Equal(t, decisive(""), "")
}

func TestACommandLineThatIsRefusedIsAMistake(t *testing.T) {
	for stderr, tc := range map[string]struct {
		exit    string
		refused bool
	}{
		"unknown flag: --lod\n\nUsage:  docker buildx build [OPTIONS] PATH\n": {"125", true},
		"ERROR: unknown flag: --lod\n":                                        {"1", true},
		"ERROR: unknown command: \"foo\"\n":                                   {"1", true},
		"docker: unknown command: docker foo\n":                               {"1", true},
		"ERROR: docker: 'docker buildx build' requires 1 argument\n":          {"1", true},
		"#5 0.1 my-tool: unknown flag: --lod\nERROR: failed to solve\n":       {"1", false},
		"unknown flag: --lod\nUsage of my-tool\n":                             {"2", false},
		"unknown command: lod\n":                                              {"1", false},
		"ERROR: no builder \"nothing\" found\n":                               {"1", false},
		"unknown flag: --succeeds\n":                                          {"0", false},
	} {
		result := icmd.RunCmd(icmd.Command("sh", "-c", `printf '%s' "$1" >&2; exit "$2"`, "sh", stderr, tc.exit))
		_, is := misused(result)
		assert.Equal(t, is, tc.refused, stderr)
	}
}

func TestWhatABuildReadsMustBeThere(t *testing.T) {
	dir := fs.NewDir(t, "project", fs.WithFile("Dockerfile", "FROM a"), fs.WithDir("app"), fs.WithDir("lower", fs.WithFile("dockerfile", "FROM a"))).Path()
	for _, args := range [][]string{
		{"."}, {"lower"}, {dir}, {"--secret", "id=a,env=A", "."}, {"--secret=id=a,src=Dockerfile", "."}, {"-f", "Dockerfile", "app"}, {"-f", "-", "."}, {"-"},
		{"https://github.com/a/b.git#main"}, {"git@github.com:a/b.git"}, {"--file=https://example.com/Dockerfile", "."},
	} {
		assert.NilError(t, present(dir, args), "%v", args)
	}
	assert.Error(t, present(dir, []string{"nothing"}), "the build's context "+filepath.Join(dir, "nothing")+" does not exist")
	assert.Error(t, present(dir, []string{"app"}), "the Dockerfile "+filepath.Join(dir, "app", "Dockerfile")+" does not exist")
	assert.Error(t, present(dir, []string{"--secret", "id=a,src=none", "."}), "the secret "+filepath.Join(dir, "none")+" does not exist")
	assert.Error(t, present(dir, []string{"--file=other", "."}), "the Dockerfile "+filepath.Join(dir, "other")+" does not exist")
}

func TestLongOutputIsCutAtItsBeginning(t *testing.T) {
	long := make([]byte, 3*shownText)
	for i := range long {
		long[i] = 'a'
	}
	assert.Equal(t, printed(string(long)+"end"), "; it ends with: …"+string(long[:shownText-3])+"end")
	assert.Equal(t, printed("\n"), "; nothing was printed")
}

func FuzzTranscript(f *testing.F) {
	for _, name := range []string{"exec", "match", "cmp"} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".transcript"))
		assert.NilError(f, err)
		f.Add(string(text))
	}
	f.Fuzz(func(_ *testing.T, text string) {
		found, _ := read(text)
		found.reason()
	})
}

// What a bake file names, in a group, is the project's; what the script names is its own.
func TestOfAFile(t *testing.T) {
	for line, args := range map[string][]string{
		"ERROR: failed to find target svc":                {"docker", "buildx", "bake", "--print"},
		"ERROR: could not find any target matching 'svc'": {"docker", "buildx", "bake", "service"},
	} {
		assert.Assert(t, ofAFile(line, args), line)
	}
	for line, args := range map[string][]string{
		"ERROR: failed to find target svc":                {"docker", "buildx", "bake", "svc"},
		"ERROR: could not find any target matching 'svc'": {"docker", "buildx", "bake", "--set", "svc.tags=a", "service"},
		"ERROR: unknown flag: --lod":                      {"docker", "buildx", "build", "--lod"},
	} {
		assert.Assert(t, !ofAFile(line, args), line)
	}
}
