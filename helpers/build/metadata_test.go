package build

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"gotest.tools/v3/icmd"
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
		content, err := os.ReadFile(filepath.Join("../progress/testdata", "metadata-"+file+".json"))
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

// What a build was not asked to write down is never read as empty.
func TestNoted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "iid")
	failed, succeeded := &icmd.Result{ExitCode: 1}, &icmd.Result{}
	args := []string{"buildx", "build", idFile, file, "."}

	_, err := (&Result{Command: succeeded, args: []string{"buildx", "build", "."}}).noted(idFile)
	require.ErrorIs(t, err, errNotAsked)
	_, err = (&Result{Command: failed, args: args}).noted(metadataFile)
	require.ErrorIs(t, err, errNotAsked, "another file was asked for")

	content, err := (&Result{Command: failed, args: args}).noted(idFile)
	require.NoError(t, err, "a build that failed writes none")
	require.Nil(t, content)
	_, err = (&Result{Command: succeeded, args: args}).noted(idFile)
	require.ErrorIs(t, err, errNothingWritten)

	require.NoError(t, os.WriteFile(file, []byte("sha256:1\n"), 0o600))
	content, err = (&Result{Command: succeeded, args: args}).noted(idFile)
	require.NoError(t, err)
	require.Equal(t, "sha256:1\n", string(content))

	// Not even root can read a folder as a file.
	args[3] = t.TempDir()
	_, err = (&Result{Command: succeeded, args: args}).noted(idFile)
	require.ErrorIs(t, err, syscall.EISDIR)
}

// No flag that a claim is not about may change how a build ends.
func TestBuildsAreNotAskedToWriteAnythingDown(t *testing.T) {
	args := arguments("build", ".", []Option{Platform("linux/amd64"), CacheOnly()})
	require.Equal(t, []string{"buildx", "build", "--progress=rawjson", "--platform", "linux/amd64", "--output", "type=cacheonly", "."}, args)
}
