package archive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/stretchr/testify/require"
)

// The archives in testdata hold hello.txt and dir/deep.txt, written by two
// releases of BuildKit.
var releases = []string{"v0.11.5", "v0.34.2"}

func open(t *testing.T, name string) Files {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name+".tar"))
	require.NoError(t, err)
	defer file.Close()
	files, err := read(file)
	require.NoError(t, err)
	return files
}

func requireContent(t *testing.T, files Files) {
	t.Helper()
	require.Len(t, files, 2, "folders are no files")
	hello, ok := files.Text("hello.txt")
	require.True(t, ok)
	require.Equal(t, "hi", hello)
	deep, _ := files.Text("dir/deep.txt")
	require.Equal(t, "deep", deep)
	_, ok = files.Text("deep.txt")
	require.False(t, ok)
}

func TestReadTar(t *testing.T) {
	for _, release := range releases {
		requireContent(t, open(t, "tar-"+release))
	}
	_, err := read(strings.NewReader(strings.Repeat("no archive", 100)))
	require.Error(t, err)
}

func TestImageInLayout(t *testing.T) {
	for _, release := range releases {
		dir := filepath.Join(t.TempDir(), "layout")
		require.NoError(t, open(t, "oci-"+release).write(dir))
		img, err := imageIn(dir)
		require.NoError(t, err)
		flat := mutate.Extract(img)
		files, err := read(flat)
		flat.Close()
		require.NoError(t, err)
		requireContent(t, files)
	}
}

func TestADamagedLayoutIsRefused(t *testing.T) {
	damages := map[string]func(Files){
		"a changed blob": func(f Files) {
			for name, content := range f {
				if strings.HasPrefix(name, "blobs/") {
					f[name] = append(content, 'x')
				}
			}
		},
		"no index":  func(f Files) { delete(f, "index.json") },
		"no image":  func(f Files) { f["index.json"] = []byte(`{"schemaVersion":2,"manifests":[]}`) },
		"no layout": func(f Files) { clear(f) },
	}
	for what, damage := range damages {
		files := open(t, "oci-v0.34.2")
		damage(files)
		dir := filepath.Join(t.TempDir(), "layout")
		require.NoError(t, files.write(dir))
		_, err := imageIn(dir)
		require.Error(t, err, what)
	}
}

func TestFilesStayInTheirFolder(t *testing.T) {
	dir := t.TempDir()
	require.Error(t, Files{"../outside": nil}.write(filepath.Join(dir, "inside")))
	require.NoFileExists(t, filepath.Join(dir, "outside"))
}
