package main

import (
	"bytes"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

// toyProject returns a folder with this project's Makefile and a command that
// only refuses variables and says what it was called for.
func toyProject(t *testing.T) string {
	t.Helper()
	makefile, err := os.ReadFile("../../Makefile")
	assert.NilError(t, err)
	dir := fs.NewDir(t, "toy", fs.WithFile("Makefile", string(makefile)), fs.WithFile("go.mod", "module example.test/toy\n"),
		fs.WithDir("cmd", fs.WithDir("builders", fs.WithFile("main.go", `package main

import ("fmt"; "os")

func main() { fmt.Println("called:", os.Args[1:], os.Getenv("BUILDKIT")) }
`))))
	return dir.Path()
}

func makeIn(dir string, environ []string, args ...string) (string, error) {
	command := exec.Command("make", append([]string{"--no-print-directory", "-C", dir}, args...)...)
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); !slices.Contains([]string{"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "MAKEOVERRIDES", "BUILDKIT"}, name) {
			command.Env = append(command.Env, kv)
		}
	}
	command.Env = append(command.Env, environ...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	return out.String(), err
}

// If the folder belongs to another user, git does not report its state, and go
// build fails unless told not to ask.
func TestMakeBuildsInSomebodyElsesFolder(t *testing.T) {
	dir := toyProject(t)
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}, {"-c", "user.name=x", "-c", "user.email=x@example.test", "commit", "-q", "-m", "x"}} {
		command := exec.Command("git", append([]string{"-C", dir}, args...)...)
		said, err := command.CombinedOutput()
		assert.NilError(t, err, string(said))
	}
	notOurs := []string{"GOENV=off", "GOFLAGS=", "GIT_TEST_ASSUME_DIFFERENT_OWNER=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null"}
	git := exec.Command("git", "-C", dir, "status")
	git.Env = append(os.Environ(), notOurs...)
	if err := git.Run(); err == nil {
		t.Skip("this git cannot take a folder for another user's")
	}
	said, err := makeIn(dir, notOurs, "claims")
	assert.NilError(t, err, said)
}

func TestMakeTellsWhatStandsOnItsCommandLine(t *testing.T) {
	dir := toyProject(t)
	for _, tc := range []struct {
		environ, args []string
		want          string
	}{
		{nil, []string{"check"}, "called: [variables --] "},
		{[]string{"CFLAGS=-O2", "BULDKIT=x"}, []string{"-j2", "check"}, "called: [variables --] "},
		{nil, []string{"check", "BULDKIT=v0.34.2"}, "called: [variables -- BULDKIT] "},
		{[]string{"MAKELEVEL=1"}, []string{"-j2", "check", "CFLAGS=-O2"}, "called: [variables --nested -- CFLAGS] "},
	} {
		said, err := makeIn(dir, tc.environ, tc.args...)
		assert.NilError(t, err, said)
		assert.Assert(t, strings.Contains(said, tc.want), "make %s: %s", tc.args, said)
	}
}
