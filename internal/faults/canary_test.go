//go:build faults

package faults

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"builders.test/helpers/proxy"
	"builders.test/internal/campaign"
	"builders.test/internal/versions"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/require"
)

// TestCanary moves buildx-stable-1 under a project that pins a release: first to a release
// that changes nothing for it, then to one that lacks what it needs.
func TestCanary(t *testing.T) {
	project := t.TempDir()
	for file, content := range map[string]string{
		"Dockerfile":      "FROM busybox\nCOPY --parents a/b /\n",
		"a/b":             "b",
		".env":            "BUILDKIT_IMAGE=moby/buildkit:" + buildKit,
		"specs/app.txtar": "# claim: The application builds\nbuild $HERE/..\n",
	} {
		path := filepath.Join(project, file)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	out := filepath.Join(t.TempDir(), "canary")
	fly := func() (code int, said string) {
		r := begin(t, inLab("canary", "--specs", filepath.Join(project, "specs"), "--out", out))
		code = r.wait(t)
		return code, r.said.String()
	}

	code, said := fly()
	require.Equal(t, 0, code, said)
	require.Empty(t, said, "nothing has changed")
	seen := sighting(t, filepath.Join(out, "specs"))
	require.Equal(t, "moby/buildkit:buildx-stable-1", seen.Candidate.Image)
	require.Equal(t, seen.Baseline.Digest, seen.Candidate.Digest)

	moveStable(t, versions.BuildKit)
	code, said = fly()
	require.Equal(t, 1, code, said)
	require.Contains(t, said, "→ BuildKit "+versions.BuildKit)
	require.Contains(t, said, "regressed")
	require.Contains(t, said, "specs/app")
	require.NotEqual(t, seen.Candidate.Digest, sighting(t, filepath.Join(out, "specs")).Candidate.Digest)
}

func sighting(t *testing.T, dir string) (seen campaign.Sighting) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, campaign.CanaryFile))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &seen))
	return seen
}

// moveStable moves the mirror's buildx-stable-1 to a release, until the test ends.
func moveStable(t *testing.T, release string) {
	t.Helper()
	mirror := access(t).Testbed.Mirror
	options := []remote.Option{remote.WithTransport(proxy.Dial("unix", mirror.Push)), remote.WithContext(context.WithoutCancel(t.Context()))}
	stable, err := name.NewTag(mirror.Address+"/moby/buildkit:buildx-stable-1", name.Insecure)
	require.NoError(t, err)
	was, err := remote.Get(stable, options...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, remote.Push(stable, was, options...)) })
	other, err := name.NewTag(mirror.Address+"/moby/buildkit:"+release, name.Insecure)
	require.NoError(t, err)
	moved, err := remote.Get(other, options...)
	require.NoError(t, err)
	require.NoError(t, remote.Push(stable, moved, options...))
}
