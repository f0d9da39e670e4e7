//go:build faults

package faults

import (
	"path/filepath"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"github.com/stretchr/testify/require"
)

// TestScripts proves scripts for a user who has images with the names that the
// scripts give to theirs.
func TestScripts(t *testing.T) {
	docker := func(args ...string) (string, error) {
		said, err := commandOn(access(t).Variables(), "docker", args...).CombinedOutput()
		return strings.TrimSpace(string(said)), err
	}
	theirs := []string{"users/theirs:1", "users/theirs:2"}
	t.Cleanup(func() { _, _ = docker(append([]string{"rmi", "--force"}, theirs...)...) })
	_, err := docker("pull", "--quiet", "busybox")
	require.NoError(t, err)
	for _, name := range theirs {
		said, err := docker("tag", "busybox", name)
		require.NoError(t, err, said)
	}
	before, err := docker("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}", "users/*")
	require.NoError(t, err)

	out := t.TempDir()
	r := begin(t, inLab("check", "--specs", filepath.Join("internal", "faults", "testdata", "scripts"), "--buildkit", buildKit, "--out", out))
	r.wait(t)

	after, err := docker("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}", "users/*")
	require.NoError(t, err)
	require.Equal(t, before, after, "images are not as they were")
	nameless, err := docker("images", "--all", "--quiet", "--filter", "label=users.script")
	require.NoError(t, err)
	require.Empty(t, nameless, "images without a name were left")
	found, err := report.Read(filepath.Join(out, report.File))
	require.NoError(t, err, r.said)
	verdicts := map[string]claim.Verdict{}
	for _, one := range found.Claims {
		verdicts[one.ID] = one.Verdict
		switch one.ID {
		case "scripts/engines":
			require.Contains(t, one.Reason, "the engine's own BuildKit only")
		case "scripts/nothing":
			require.Equal(t, []claim.Fact{{Name: "BuildKit under test", Value: "took no part: the script neither built anything nor made a builder"}}, one.Facts)
		default:
			require.Empty(t, one.Facts)
		}
	}
	require.Equal(t, map[string]claim.Verdict{
		"scripts/current": claim.Holds, "scripts/variables": claim.Holds, "scripts/images": claim.Holds,
		"scripts/engines": claim.Error, "scripts/nothing": claim.Holds,
	}, verdicts, r.said)
	require.Empty(t, found.RunErrors)
}
