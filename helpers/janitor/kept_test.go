package janitor

import (
	"os"
	"testing"

	"builders.test/helpers/env"
	"github.com/stretchr/testify/require"
)

func TestWhatIsKeptForALookStaysWithItsFolder(t *testing.T) {
	const run, other = "0a1b2c3d", "11112222"
	t.Setenv("TMPDIR", t.TempDir())
	e := &env.Environment{Run: run, Dir: os.TempDir() + "/" + env.Prefix + run}
	require.NoError(t, os.Mkdir(e.Dir, 0o700))
	all := func() []Object {
		return []Object{
			{Kind: "container", Name: "buildx_buildkit_builders-" + run + "-rm-70", Run: run},
			{Kind: "volume", Name: "buildx_buildkit_builders-" + run + "-rm-70_state", Run: run},
			{Kind: "container", Name: "buildx_buildkit_builders-" + run + "-rm-all-80", Run: run},
			{Kind: "folder", Name: e.Dir, Run: run},
			{Kind: "container", Name: "buildx_buildkit_builders-" + other + "-rm-70", Run: other},
		}
	}
	require.Equal(t, all(), withoutKept(run, all(), env.KeptBy(run)), "nothing is kept unless a claim says so")

	require.NoError(t, e.KeepFor(env.Kept{Claim: "rm", Look: "docker buildx inspect x"}))
	require.Equal(t, []env.Kept{{Claim: "rm", Look: "docker buildx inspect x"}}, env.KeptBy(run))
	left := withoutKept(run, all(), env.KeptBy(run))
	require.Equal(t, []Object{all()[2], all()[4]}, left, "a claim whose name begins alike, and other runs")
}
