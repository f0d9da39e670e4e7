package image

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Both files are what docker save made of the same image, with compressed
// layers from the containerd store and plain ones from overlay2.
var savedImages = []string{"saved-containerd.tar", "saved-overlay2.tar"}

func searchFile(t *testing.T, name, text string) []string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	require.NoError(t, err)
	defer f.Close()
	found, err := search(f, []byte(text))
	require.NoError(t, err)
	return found
}

func TestSearchLooksIntoLayersAndConfig(t *testing.T) {
	for _, saved := range savedImages {
		layer := searchFile(t, saved, "needle in a layer")
		config := searchFile(t, saved, "needle in the config")
		require.Len(t, layer, 1, saved)
		require.Regexp(t, `^\S+ \(/\S+\)$`, layer[0], saved)
		// The overlay2 store has the config in two places.
		require.NotEmpty(t, config, saved)
		require.NotContains(t, config, layer[0], saved)
		require.Empty(t, searchFile(t, saved, "needle elsewhere"), saved)
	}
}

func TestSearchRefusesWhatItCannotSearch(t *testing.T) {
	_, err := search(bytes.NewReader(nil), []byte("needle"))
	require.ErrorContains(t, err, "it has no file")

	_, err = search(archive(t, "layer", []byte{0x28, 0xb5, 0x2f, 0xfd, 0}), []byte("needle"))
	require.ErrorContains(t, err, "layer: it is compressed with zstd")

	_, err = search(archive(t, "layer", []byte{0x1f, 0x8b, 1}), []byte("needle"))
	require.ErrorContains(t, err, "layer: ")
}

func archive(t *testing.T, name string, content []byte) *bytes.Buffer {
	t.Helper()
	var buffer bytes.Buffer
	w := tar.NewWriter(&buffer)
	require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(content)), Mode: 0o600}))
	_, err := w.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return &buffer
}

func FuzzSearch(f *testing.F) {
	for _, name := range savedImages {
		content, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	f.Fuzz(func(_ *testing.T, stream []byte) {
		// It may refuse anything, but must return.
		_, _ = search(bytes.NewReader(stream), []byte("needle"))
	})
}
