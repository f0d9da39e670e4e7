package build

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseMetadata(t *testing.T) {
	for file, want := range map[string]Metadata{
		"docker-v0.11.5": {
			Digest:    "sha256:f1ecd8330c4ab52aa9da74f3654adc4e9b7675fa513d421928525759bfb3238d",
			MediaType: "application/vnd.docker.distribution.manifest.v2+json",
			Config:    "sha256:17825c88045dd1c8adb5491e512c475738881b62678c219962d76085404b8bdb",
		},
		"load-v0.34.2": {
			Digest:    "sha256:0f98b67468af46060d8fa2b76269514375dac64483a529c4f6351a22ffc15dae",
			MediaType: "application/vnd.oci.image.manifest.v1+json",
		},
		"platforms-v0.34.2": {
			Digest:    "sha256:9e70b219f6becded97cc64076836c71ac8189b62685b48914b6dcc2b7ba8f9b4",
			MediaType: "application/vnd.oci.image.index.v1+json",
		},
		"tar-v0.34.2": {},
	} {
		content, err := os.ReadFile(filepath.Join("testdata", "metadata-"+file+".json"))
		require.NoError(t, err)
		got, err := parseMetadata(content)
		require.NoError(t, err)
		require.Equal(t, want, got, file)
	}
}

func TestParseMetadataRefusesOtherText(t *testing.T) {
	_, err := parseMetadata([]byte("digest: x"))
	require.ErrorContains(t, err, "read a build's metadata")
}

func TestWrittenID(t *testing.T) {
	file := filepath.Join(t.TempDir(), "iid")
	require.Empty(t, writtenID([]string{"build", idFile, file}), "a build that failed writes none")
	require.NoError(t, os.WriteFile(file, []byte("sha256:1\n"), 0o600))
	require.Equal(t, "sha256:1", writtenID([]string{"build", idFile, file, "."}))
	require.Empty(t, writtenID([]string{"build", "."}))
}
