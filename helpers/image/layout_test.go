package image

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"builders.test/helpers/files"
	"builders.test/helpers/spec"
	"github.com/stretchr/testify/require"
)

// layoutOf returns an OCI layout in testdata, which holds hello.txt and dir/deep.txt.
func layoutOf(t *testing.T, release string) fstest.MapFS {
	t.Helper()
	return files.Tar(&spec.T{TB: t}, filepath.Join("testdata", "oci-"+release+".tar")).FS.(fstest.MapFS)
}

func written(t *testing.T, content fstest.MapFS) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "layout")
	require.NoError(t, os.CopyFS(dir, content))
	return dir
}

func TestImageInLayout(t *testing.T) {
	s := &spec.T{TB: t}
	for _, release := range []string{"v0.11.5", "v0.34.2"} {
		img, err := imageIn(written(t, layoutOf(t, release)))
		require.NoError(t, err)
		content := Files(s, img)
		require.Equal(t, []string{"dir/deep.txt", "hello.txt"}, content.Names(s), "folders are no files")
		require.Equal(t, "hi", content.Text(s, "hello.txt"))
		require.Equal(t, "deep", content.Text(s, "dir/deep.txt"))
	}
}

func TestADamagedLayoutIsRefused(t *testing.T) {
	damages := map[string]func(fstest.MapFS){
		"a changed blob": func(f fstest.MapFS) {
			for name, file := range f {
				if strings.HasPrefix(name, "blobs/") {
					file.Data = append(file.Data, 'x')
				}
			}
		},
		"no index": func(f fstest.MapFS) { delete(f, "index.json") },
		"no image": func(f fstest.MapFS) {
			f["index.json"] = &fstest.MapFile{Data: []byte(`{"schemaVersion":2,"manifests":[]}`)}
		},
		"no layout": func(f fstest.MapFS) { clear(f) },
	}
	for what, damage := range damages {
		content := layoutOf(t, "v0.34.2")
		damage(content)
		_, err := imageIn(written(t, content))
		require.Error(t, err, what)
	}
}
