//go:build faults

package faults

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"builders.test/helpers/janitor"
	"github.com/stretchr/testify/require"
)

// TestCleanTakesTheDeadOnly leaves behind what a run leaves if its reaper dies with it.
func TestCleanTakesTheDeadOnly(t *testing.T) {
	before := inventory(t)
	const run = "0dead0de"
	dir := os.TempDir() + "/builders-" + run
	require.NoError(t, os.MkdirAll(dir, 0o700))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	volume := "buildx_buildkit_builders-" + run + "-left-10_state"
	docker(t, "volume", "create", volume)
	docker(t, "volume", "create", "somebody-elses")
	t.Cleanup(func() { docker(t, "volume", "rm", "--force", "somebody-elses") })

	shown, err := inLab("clean", "--dry-run").CombinedOutput()
	require.NoError(t, err, string(shown))
	require.Contains(t, string(shown), "dead     volume "+volume)
	require.Contains(t, docker(t, "volume", "ls", "-q"), volume, "what was to be shown only is gone")

	said, err := inLab("clean").CombinedOutput()
	require.NoError(t, err, string(said))
	left := docker(t, "volume", "ls", "-q")
	require.NotContains(t, left, volume)
	require.Contains(t, left, "somebody-elses", "clean took what no run made")
	require.NoDirExists(t, dir)
	for _, thing := range inventory(t) {
		require.True(t, thing.Run == "" || before.Has(thing) || janitor.StateOf(thing.Run) == janitor.Live, "left: %s", thing)
	}
}

// TestCleanTakesProbes leaves behind what buildx leaves if it is killed while it
// asks the engine for GPUs: a container and its volume, which no one's name is
// on.
func TestCleanTakesProbes(t *testing.T) {
	before := inventory(t)
	const run, ref = "0dead0de", "moby/buildkit:" + buildKit
	dir := os.TempDir() + "/builders-" + run
	require.NoError(t, os.MkdirAll(dir+"/undo", 0o700))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	note := fmt.Sprintf(`{"kind": "image-tag", "key": "probe", "was": {"Host": %q, "Ref": %q, "Stays": true}}`, access(t).DockerHost, ref)
	require.NoError(t, os.WriteFile(dir+"/undo/000001-image-tag.json", []byte(note), 0o600))
	docker(t, "pull", "--quiet", ref)
	probe := strings.TrimSpace(docker(t, "create", "--rm", "--gpus", "all", "--network", "none", "--entrypoint", "/bin/true", ref))
	somebodys := strings.TrimSpace(docker(t, "create", "--rm", "--network", "none", "--entrypoint", "/bin/true", ref))
	t.Cleanup(func() { docker(t, "rm", "--force", "--volumes", somebodys) })

	said, err := inLab("clean").CombinedOutput()

	require.NoError(t, err, string(said))
	left := docker(t, "ps", "--all", "--quiet", "--no-trunc")
	require.NotContains(t, left, probe, "%s", said)
	require.Contains(t, left, somebodys, "clean took a container that is not a probe of buildx's")
	docker(t, "rm", "--force", "--volumes", somebodys)
	awaitClean(t, before)
}

// docker runs the docker command on the lab's engine.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	command := commandOn(access(t).Variables(), "docker", args...)
	said, err := command.CombinedOutput()
	require.NoError(t, err, "docker %s: %s", strings.Join(args, " "), said)
	return string(said)
}
