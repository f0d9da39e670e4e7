//go:build faults

package faults

import (
	"path/filepath"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestScripts proves scripts for a user who has images with the names that the
// scripts give to theirs.
func TestScripts(t *testing.T) {
	docker := func(args ...string) (string, error) {
		said, err := commandOn(access(t).Variables(), "docker", args...).CombinedOutput()
		return strings.TrimSpace(string(said)), err
	}
	theirs := []string{"users/theirs:1", "users/theirs:2", "users/theirs:3"}
	t.Cleanup(func() { _, _ = docker(append([]string{"rmi", "--force"}, theirs...)...) })
	_, err := docker("pull", "--quiet", "busybox")
	require.NoError(t, err)
	for _, name := range theirs {
		said, err := docker("tag", "busybox", name)
		require.NoError(t, err, said)
	}
	t.Cleanup(func() { _, _ = docker("rm", "--force", "users-running") })
	said, err := docker("run", "--detach", "--name", "users-running", "busybox", "sleep", "1000")
	require.NoError(t, err, said)
	before, err := docker("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}", "users/*")
	require.NoError(t, err)

	out := t.TempDir()
	r := begin(t, inLab("check", "--specs", filepath.Join("internal", "faults", "testdata", "scripts"), "--buildkit", buildKit, "--confirm", "1", "--out", out))
	r.wait(t)

	after, err := docker("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}", "users/*")
	require.NoError(t, err)
	require.Equal(t, before, after, "images are not as they were: %s", r.said)
	nameless, err := docker("images", "--all", "--quiet", "--filter", "label=users.script")
	require.NoError(t, err)
	require.Empty(t, nameless, "images without a name were left")
	require.NoDirExists(t, filepath.Join("testdata", "left-by-a-script"))
	for _, command := range [][]string{{"ps", "--all"}, {"volume", "ls"}, {"network", "ls"}} {
		left, err := docker(append(command, "--quiet", "--filter", "name=users-")...)
		require.NoError(t, err)
		require.Empty(t, left, "docker %s: something of the scripts' was left", strings.Join(command, " "))
	}
	found, err := report.Read(filepath.Join(out, report.File))
	require.NoError(t, err, r.said)
	for _, one := range found.Claims {
		want, known := outcomes[strings.TrimPrefix(one.ID, "scripts/")]
		require.True(t, known, one.ID)
		assert.Equal(t, want.verdict, one.Verdict, "%s: %s", one.ID, one.Reason)
		assert.Contains(t, one.Reason, want.reason, one.ID)
		assert.ElementsMatch(t, facts[one.ID], one.Facts, one.ID)
	}
	require.Len(t, found.Claims, len(outcomes), r.said)
	require.Empty(t, found.RunErrors)
}

// facts are what is told beside a verdict, by claim.
var facts = map[string][]claim.Fact{
	"scripts/nothing": {{Name: "BuildKit under test", Value: "took no part: the script neither built anything nor made a builder"}},
	"scripts/theirs":  {{Name: "changed, although it is not the script's", Value: "container users-running: stop (theirs.txtar:2), container users-running: rm (theirs.txtar:3)"}},
}

// outcomes are what becomes of the scripts, by name.
var outcomes = map[string]struct {
	verdict claim.Verdict
	reason  string
}{
	"current":    {claim.Holds, ""},
	"variables":  {claim.Holds, ""},
	"images":     {claim.Holds, ""},
	"nothing":    {claim.Holds, ""},
	"leaves":     {claim.Holds, ""},
	"rows-amd64": {claim.Holds, ""},
	"rows-arm64": {claim.Holds, ""},
	"results":    {claim.Holds, ""},
	"secret":     {claim.Holds, ""},
	"theirs":     {claim.Holds, ""},
	"engines":    {claim.Error, "every build ran on the engine's own BuildKit"},
	// A script's own mistakes, with the line.
	"flag":    {claim.Error, "flag.txtar:2: the build was refused: unknown flag: --lod"},
	"program": {claim.Error, "program.txtar:2: `exec nosuchprogram x`: there is no such program on this machine's PATH"},
	"context": {claim.Error, "context.txtar:2: the build's context $WORK/nothing does not exist"},
	"hangs":   {claim.Error, "hangs.txtar:5: the image still ran when the claim's time was nearly over: listening; if it is a service, `run -d=NAME` starts it"},
	"stage":   {claim.Error, "stage.txtar:2: Dockerfile has no stage app, only service"},
	"target":  {claim.Error, "target.txtar:2: the build was refused: could not find any target matching 'app'"},
	"port":    {claim.Error, `port.txtar:5: the service app has no port 9, only ["8080/tcp"]`},
	// What a build or an image does wrong, in a user's words.
	"composed": {claim.Broken, "; base: cannot read the settings"},
	"differs":  {claim.Broken, "differs.txtar:4: one.tar and two.tar are not the same: linux/amd64: layer 3 differs, which `RUN |1 TEXT=one /bin/sh -c echo $TEXT >/text"},
	"leaks":    {claim.Broken, "holds the secret, in blobs/sha256/"},
	"group":    {claim.Broken, "group.txtar:2: the build failed: ERROR: failed to find target app"},
	"bake":     {claim.Broken, "bake.txtar:3: docker buildx bake failed: Dockerfile:3: failed to solve: process \"/bin/sh -c echo hello && exit 3\" did not complete successfully: exit code: 3"},
	"match":    {claim.Broken, "match.txtar:3: no match for `three` found in stdout; it is: one two"},
	"dies":     {claim.Broken, "the service app has ended with exit code 7: cannot bind"},
	"answers":  {claim.Broken, "answers.txtar:5: the service app answered 404 Not Found; it is: <HTML>"},
}
