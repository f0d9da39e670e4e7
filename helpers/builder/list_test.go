package builder

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(content)
}

func TestParseList(t *testing.T) {
	listed, err := parseList(read(t, "ls.jsonl"))
	require.NoError(t, err)
	require.Len(t, listed, 3, "two created builders and the default one, each once")

	current, ok := Find(listed, Current(listed))
	require.True(t, ok)
	require.Equal(t, "docker-container", current.Driver)
	require.Equal(t, current.Name+"0", current.Nodes[0].Name)

	engines, ok := Find(listed, "default")
	require.True(t, ok)
	require.Equal(t, "docker", engines.Driver)
	require.Equal(t, "v0.33.0", engines.Nodes[0].Version)
}

func TestParseListRefusesOtherText(t *testing.T) {
	_, err := parseList("NAME/NODE DRIVER\n")
	require.ErrorContains(t, err, "NAME/NODE DRIVER")
}

func TestParseInspect(t *testing.T) {
	nodes := parseInspect(read(t, "inspect-two-nodes.txt"))
	require.Len(t, nodes, 2)
	require.Equal(t, []string{"linux/amd64"}, nodes[0].Preferred)
	require.Equal(t, []string{"linux/arm64"}, nodes[1].Preferred)
	require.ElementsMatch(t, nodes[0].Platforms, nodes[1].Platforms)
	require.Equal(t, "v0.11.5", nodes[1].Version)
	require.Equal(t, "running", nodes[1].Status)
}

func TestParseName(t *testing.T) {
	require.Equal(t, "builders-21806bfc-two-nodes-14", parseName(read(t, "inspect-two-nodes.txt")))
	require.Empty(t, parseName("nothing"))
}

func FuzzParseInspect(f *testing.F) {
	f.Add("\nNodes:\nName: a0\nPlatforms: linux/amd64*, linux/arm64\n")
	f.Fuzz(func(t *testing.T, out string) {
		for _, node := range parseInspect(out) {
			require.Subset(t, node.Platforms, node.Preferred)
		}
	})
}
