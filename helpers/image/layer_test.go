package image

import (
	"archive/tar"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLayer(t *testing.T) {
	layer, err := Layer(map[string]string{"id": "one", "etc/name": "two"})
	require.NoError(t, err)
	archive, err := layer.Uncompressed()
	require.NoError(t, err)
	defer archive.Close()
	got := map[string]string{}
	for files := tar.NewReader(archive); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		require.EqualValues(t, 0o644, header.Mode)
		content, err := io.ReadAll(files)
		require.NoError(t, err)
		got[header.Name] = string(content)
	}
	require.Equal(t, map[string]string{"id": "one", "etc/name": "two"}, got)
}
