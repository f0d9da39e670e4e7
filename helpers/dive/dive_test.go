package dive

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The reports in testdata are of one image, with one file of seven bytes.
const layer = "sha256:fb2a8a0dd32e064bc803ad22facb37cae203e950cf045e7a18abf587d5778ff6"

func TestParse(t *testing.T) {
	for release, files := range map[string][]File{"v0.12.0": nil, "v0.13.1": {{Path: "n-1234"}}} {
		content, err := os.ReadFile(filepath.Join("testdata", release+".json"))
		require.NoError(t, err)
		image, err := parse(content)
		require.NoError(t, err)
		require.Equal(t, Image{Layers: []Layer{{DiffID: layer, Size: 7, Files: files}}}, image, release)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, report := range []string{"", "null", "{}", `{"layer":[]}`, `{"layer":{}}`, "no JSON"} {
		_, err := parse([]byte(report))
		require.Error(t, err, report)
	}
}
