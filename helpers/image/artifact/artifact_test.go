package artifact

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"gotest.tools/v3/assert"
)

// layer makes a layer of files with their content; a name that ends with "@" is a link.
func layer(t *testing.T, entries ...*tar.Header) v1.Layer {
	t.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, entry := range entries {
		content := entry.PAXRecords["content"]
		entry.PAXRecords, entry.Size = nil, int64(len(content))
		assert.NilError(t, w.WriteHeader(entry))
		_, err := io.WriteString(w, content)
		assert.NilError(t, err)
	}
	assert.NilError(t, w.Close())
	made, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil })
	assert.NilError(t, err)
	return made
}

func file(name, content string) *tar.Header {
	return &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Uid: 10, Gid: 20, PAXRecords: map[string]string{"content": content}}
}

func image(t *testing.T, arch string, layers ...v1.Layer) v1.Image {
	t.Helper()
	made := empty.Image
	for _, one := range layers {
		var err error
		made, err = mutate.Append(made, mutate.Addendum{Layer: one, History: v1.History{CreatedBy: "COPY . /srv"}})
		assert.NilError(t, err)
	}
	config, err := made.ConfigFile()
	assert.NilError(t, err)
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", arch
	made, err = mutate.ConfigFile(made, config)
	assert.NilError(t, err)
	return made
}

// written is a layout with these images.
func written(t *testing.T, images ...v1.Image) string {
	t.Helper()
	index := v1.ImageIndex(empty.Index)
	for _, one := range images {
		config, err := one.ConfigFile()
		assert.NilError(t, err)
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: one, Descriptor: v1.Descriptor{Platform: config.Platform()}})
	}
	index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: empty.Image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}}})
	dir := t.TempDir()
	_, err := layout.Write(dir, mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: index}))
	assert.NilError(t, err)
	return dir
}

func found(t *testing.T, dir string) Artifact {
	t.Helper()
	a, err := Place{Folder: t.TempDir()}.Find(t.Context(), dir)
	assert.NilError(t, err)
	return a
}

func TestPlatforms(t *testing.T) {
	a := found(t, written(t, image(t, "arm64"), image(t, "amd64")))
	all, err := a.Platforms()
	assert.NilError(t, err)
	assert.DeepEqual(t, all, []string{"linux/amd64", "linux/arm64"})

	one, err := a.Image("linux/arm64/v8")
	assert.NilError(t, err)
	config, err := one.ConfigFile()
	assert.NilError(t, err)
	assert.Equal(t, config.Architecture, "arm64")

	_, err = a.Image("linux/s390x")
	assert.Error(t, err, "it has no image for linux/s390x, only for linux/amd64, linux/arm64")
	_, err = a.Image("nonsense/of/all/kinds")
	assert.ErrorContains(t, err, "is not a platform")
}

func TestAnArchiveOfEitherFormat(t *testing.T) {
	one := image(t, "arm64", layer(t, file("a", "text")))
	path := filepath.Join(t.TempDir(), "image.tar")
	assert.NilError(t, tarball.WriteToFile(path, nil, one)) // docker's
	a := found(t, path)
	all, err := a.Platforms()
	assert.NilError(t, err)
	assert.DeepEqual(t, all, []string{"linux/arm64"})

	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	assert.NilError(t, w.AddFS(os.DirFS(written(t, one))))
	assert.NilError(t, w.Close())
	assert.NilError(t, os.WriteFile(path, archive.Bytes(), 0o600))
	all, err = found(t, path).Platforms()
	assert.NilError(t, err)
	assert.DeepEqual(t, all, []string{"linux/arm64"})

	assert.NilError(t, os.WriteFile(path, []byte("no archive at all, but longer than a block"), 0o600))
	_, err = Place{Folder: t.TempDir()}.Find(t.Context(), path)
	assert.ErrorContains(t, err, "is no archive with an image")
	_, err = Place{}.Find(t.Context(), "./none")
	assert.ErrorIs(t, err, ErrAbsent)
}

func TestFileIn(t *testing.T) {
	one := image(t, "amd64",
		layer(t, file("srv/app", "old"), file("srv/gone", "x")),
		layer(t, file("srv/app", "new"), file("srv/.wh.gone", ""),
			&tar.Header{Name: "srv/link", Typeflag: tar.TypeSymlink, Linkname: "app", Mode: 0o777},
			&tar.Header{Name: "srv/hard", Typeflag: tar.TypeLink, Linkname: "srv/app"}))

	got, err := FileIn(one, "srv/app")
	assert.NilError(t, err)
	assert.DeepEqual(t, got, File{Mode: "-rwxr-xr-x", Owner: "10:20", Size: 3, Content: "new"})
	got, err = FileIn(one, "/srv/hard")
	assert.NilError(t, err)
	assert.Equal(t, got.Content, "new")
	got, err = FileIn(one, "/srv/link")
	assert.NilError(t, err)
	assert.Equal(t, got.String(), "Lrwxrwxrwx 0:0 -> app")
	got, err = FileIn(one, "/srv/")
	assert.NilError(t, err)
	assert.Equal(t, got.Content, "app\nhard\nlink\n")
	_, err = FileIn(one, "/srv/gone")
	assert.Assert(t, errors.Is(err, ErrNoFile))
}

func TestDifference(t *testing.T) {
	first := layer(t, file("a", "1"))
	base := found(t, written(t, image(t, "amd64", first)))
	for name, test := range map[string]struct {
		other Artifact
		want  string
	}{
		"nothing":   {found(t, written(t, image(t, "amd64", first))), ""},
		"a layer":   {found(t, written(t, image(t, "amd64", layer(t, file("a", "2"))))), "linux/amd64: layer 1 differs, which `COPY . /srv` made: sha256:"},
		"more":      {found(t, written(t, image(t, "amd64", first, layer(t, file("b", ""))))), "linux/amd64: one has 1 layers, the other 2"},
		"platforms": {found(t, written(t, image(t, "arm64", first))), "one is for linux/amd64, the other for linux/arm64"},
	} {
		where, err := Difference(base, test.other, "")
		assert.NilError(t, err, name)
		if test.want == "" {
			assert.Equal(t, where, "", name)
		}
		assert.Assert(t, len(where) >= len(test.want) && where[:len(test.want)] == test.want, "%s: %s", name, where)
	}
}

func TestFacts(t *testing.T) {
	facts, err := found(t, written(t, image(t, "amd64", layer(t, file("a", "1"))))).Facts()
	assert.NilError(t, err)
	var names []string
	for _, fact := range facts {
		names = append(names, fact[0])
		assert.Assert(t, !strings.Contains(fact[1], "sha256:"), "%s", fact)
	}
	assert.DeepEqual(t, names, []string{"platforms", "index", "attestation manifests", "linux/amd64 manifest", "linux/amd64 layers", "linux/amd64 size", "linux/amd64 config"})
	assert.Equal(t, facts[2][1], "1")
	assert.Equal(t, facts[4][1], "1 × application/vnd.docker.image.rootfs.diff.tar.gzip")
}
