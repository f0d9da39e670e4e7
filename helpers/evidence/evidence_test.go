package evidence

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFolderKeepsCommandsInOrder(t *testing.T) {
	out := t.TempDir()
	f, err := Create(out, "builders/arch")
	require.NoError(t, err)
	require.Equal(t, "evidence/builders/arch", f.Name())

	require.NoError(t, f.Command(Command{Args: []string{"docker", "buildx", "ls", "--format", "x"}, Exit: 1, Stdout: []byte("out")}))
	require.NoError(t, f.Command(Command{Args: []string{"docker", "exec", "c"}, Stderr: []byte("oops\n{\"vertexes\":[]}\n")}))
	require.NoError(t, f.Failure("why", "all of it"))

	first := filepath.Join(out, "evidence", "builders", "arch", "01-docker-buildx-ls")
	require.FileExists(t, filepath.Join(first, "stdout"))
	require.NoFileExists(t, filepath.Join(first, "stderr"), "a stream that said nothing leaves no file")
	content, err := os.ReadFile(filepath.Join(first, "command.json"))
	require.NoError(t, err)
	var kept Command
	require.NoError(t, json.Unmarshal(content, &kept))
	require.Equal(t, 1, kept.Exit)
	require.Equal(t, "docker buildx ls --format x", kept.Line)

	second := filepath.Join(out, "evidence", "builders", "arch", "02-docker-exec-c")
	progress, err := os.ReadFile(filepath.Join(second, "progress.rawjson"))
	require.NoError(t, err)
	require.Equal(t, "{\"vertexes\":[]}\n", string(progress))
}

// Lines are pasted after the run, when its folder is gone.
func TestALineDoesNotLeadToWhatIsGone(t *testing.T) {
	out := filepath.Join(t.TempDir(), "my out")
	f, err := Create(out, "a/b")
	require.NoError(t, err)
	run := Command{
		Own:  "/tmp/builders-0a1b2c3d",
		Env:  []string{"DOCKER_HOST=unix:///s", "DOCKER_CONFIG=/tmp/builders-0a1b2c3d/docker-config", "BUILDX_CONFIG=/tmp/builders-0a1b2c3d/home-1", "VERSION=9"},
		Args: []string{"docker", "buildx", "create", "--name", "builders-0a1b2c3d-b-2", "--config", "/tmp/builders-0a1b2c3d/b.toml"},
	}
	require.NoError(t, f.Command(run))
	here := filepath.Join(out, "evidence", "a", "b")
	content, err := os.ReadFile(filepath.Join(here, "01-docker-buildx-create", "command.json"))
	require.NoError(t, err)
	var kept Command
	require.NoError(t, json.Unmarshal(content, &kept))
	require.Equal(t, "DOCKER_HOST=unix:///s VERSION=9 docker buildx create --name builders-0a1b2c3d-b-2 --config '"+here+"/b.toml'", kept.Line)
	require.Equal(t, run.Env, kept.Env, "the whole environment is kept next to it")
	require.Equal(t, run.Args, kept.Args)

	require.NoError(t, f.Command(Command{Args: []string{"docker", "load"}, Stdin: []byte("words")}))
	content, err = os.ReadFile(filepath.Join(here, "02-docker-load", "command.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &kept))
	require.Equal(t, "docker load <'"+here+"/02-docker-load/stdin'", kept.Line)
	stdin, err := os.ReadFile(filepath.Join(here, "02-docker-load", "stdin"))
	require.NoError(t, err)
	require.Equal(t, "words", string(stdin))
}

func TestCreateForgetsTheRunBefore(t *testing.T) {
	out := t.TempDir()
	f, err := Create(out, "a/b")
	require.NoError(t, err)
	require.NoError(t, f.Note("old.log", "old"))
	_, err = Create(out, "a/b")
	require.NoError(t, err)
	require.NoFileExists(t, filepath.Join(out, "evidence", "a", "b", "old.log"))
}

// A line is right if a shell reads the same words back.
func TestLineIsReadBackByAShell(t *testing.T) {
	words := []string{"it's", "a b", "$HOME", "", "ü*", "plain", "new\nline"}
	line := Line([]string{"K=v w"}, append([]string{"printf", `%s\0`}, words...))
	out, err := exec.Command("sh", "-c", line).Output()
	require.NoError(t, err)
	want := ""
	for _, word := range words {
		want += word + "\x00"
	}
	require.Equal(t, want, string(out))
}

// A call of make is right if its recipes get the values that were meant.
func TestMakeIsReadBackByMake(t *testing.T) {
	require.Equal(t, "make check BUILDKIT=v0.34.2 RUN=a/b", Make("check", "BUILDKIT=v0.34.2", "BUILDX=", "RUN=a/b"))
	dir := t.TempDir()
	makefile := "print:\n\t@printf '%s|' \"$$ONE\" \"$$TWO\" \"$$THREE\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Makefile"), []byte(makefile), 0o600))
	values := []string{"it's a 'folder'", "$HOME and ^Test(A|B)$", `a;b&c "d" #e \f`}
	command := exec.Command("sh", "-c", Make("print", "ONE="+values[0], "TWO="+values[1], "THREE="+values[2]))
	command.Dir = dir
	// A make that runs this test would interfere.
	command.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "MAKE") || strings.HasPrefix(kv, "MFLAGS=") })
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, strings.Join(values, "|")+"|", string(out))
}

func FuzzSplitProgress(f *testing.F) {
	f.Add([]byte("a\n{\"x\":1}\nb"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		progress, rest := SplitProgress(stream)
		require.Len(t, stream, len(progress)+len(rest))
	})
}

func TestHolds(t *testing.T) {
	folder, err := Create(t.TempDir(), "a/b")
	require.NoError(t, err)
	require.NoError(t, folder.Command(Command{Args: []string{"docker", "build"}, Stderr: []byte("a word")}))
	for text, want := range map[string]bool{"a word": true, "docker": true, "secret": false} {
		held, err := folder.Holds(text)
		require.NoError(t, err)
		require.Equal(t, want, held, text)
	}
}
