//go:build faults

package faults

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// longScript makes things on the engine, tells that it did, and goes on.
const longScript = `# claim: What a script makes is found even if the run is killed
# needs: docker-container-driver
builder one
exec sh make.sh
exec touch $HERE/made
exec sleep 300
-- make.sh --
set -e
docker network create users-network
docker volume create users-volume
docker tag busybox users/theirs:1
docker run -d --name users-container --network users-network -v users-implicit:/x busybox sleep 1000
docker buildx create --name users-builder --driver docker-container --driver-opt image=$BUILDKIT_IMAGE,network=host --bootstrap
docker buildx bake --load
-- Dockerfile --
FROM scratch
COPY Dockerfile /
-- docker-bake.hcl --
target "default" { tags = ["users/theirs:2", "users/new:1"] }
`

// TestAKilledScript kills a run in the middle of a script, and cleans up after it.
func TestAKilledScript(t *testing.T) {
	docker := func(args ...string) string {
		said, err := commandOn(access(t).Variables(), "docker", args...).CombinedOutput()
		require.NoError(t, err, "docker %s: %s", strings.Join(args, " "), said)
		return strings.TrimSpace(string(said))
	}
	theirs := []string{"users/theirs:1", "users/theirs:2"}
	docker("pull", "--quiet", "registry:3")
	docker("pull", "--quiet", "busybox")
	for _, name := range theirs {
		docker("tag", "registry:3", name)
	}
	t.Cleanup(func() { docker(append([]string{"rmi", "--force"}, theirs...)...) })
	images := func() string {
		return docker("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}", "users/*")
	}
	before := images()

	specs := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(specs, "long.txtar"), []byte(longScript), 0o600))
	r := begin(t, inLab("check", "--specs", specs, "--buildkit", buildKit))
	made := filepath.Join(specs, "made")
	require.Eventually(t, func() bool { _, err := os.Stat(made); return err == nil }, 3*time.Minute, 100*time.Millisecond, "the script did not get that far")
	require.NotEqual(t, before, images(), "the script has moved a name")
	require.NoError(t, syscall.Kill(-r.Process.Pid, syscall.SIGKILL))
	r.wait(t)

	said, err := inLab("clean").CombinedOutput()
	require.NoError(t, err, "%s", said)
	for _, command := range [][]string{{"ps", "--all"}, {"volume", "ls"}, {"network", "ls"}} {
		require.Empty(t, docker(append(command, "--quiet", "--filter", "name=users-")...), "docker %s", strings.Join(command, " "))
	}
	require.Equal(t, before, images())
}
