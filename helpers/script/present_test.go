package script

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPresentKnowsStages(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"Dockerfile": "# syntax=docker/dockerfile:1\nFROM --platform=$BUILDPLATFORM golang AS Build\nRUN true\n  from scratch\nCOPY --from=build /app /\n",
		"bare":       "FROM scratch\n",
		"long":       "FROM \\\n  busybox AS app\n",
		"other":      "# syntax=example.com/frontend\nstages: [one]\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	for _, args := range [][]string{
		{"--target", "build", "."}, {"--target=1", "."}, {"."}, {"--target", "any", "-f", "other", "."}, {"--target", "app", "-f", "long", "."}, {"--target", "any", "-f", "https://example.com/Dockerfile", "."},
	} {
		require.NoError(t, present(dir, args), args)
	}
	require.EqualError(t, present(dir, []string{"--target", "buidl", "."}), "Dockerfile has no stage buidl, only Build")
	require.EqualError(t, present(dir, []string{"--target", "2", "."}), "Dockerfile has no stage 2, only Build")
	require.EqualError(t, present(dir, []string{"--target", "app", "-f", "bare", "."}), "bare has no stage app: none has a name")
}
