package image

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAPartKeepsWhatItIsToldAndPutsItIntoItsFolder(t *testing.T) {
	var from, to bytes.Buffer
	w := tar.NewWriter(&from)
	for _, h := range []tar.Header{
		{Typeflag: tar.TypeSymlink, Name: "lib", Linkname: "usr/lib"},
		{Typeflag: tar.TypeDir, Name: "usr/lib/"},
		{Typeflag: tar.TypeReg, Name: "usr/lib/libx.so.1.2", Size: 4},
		{Typeflag: tar.TypeSymlink, Name: "usr/lib/libx.so.1", Linkname: "libx.so.1.2"},
		{Typeflag: tar.TypeLink, Name: "usr/lib/liby.so.1", Linkname: "usr/lib/libx.so.1.2"},
		{Typeflag: tar.TypeReg, Name: "usr/share/doc/x/copyright", Size: 4},
	} {
		require.NoError(t, w.WriteHeader(&h))
		if h.Size > 0 {
			_, err := io.WriteString(w, "text")
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())

	out := tar.NewWriter(&to)
	part := Part{Dir: "ffmpeg"}
	require.NoError(t, part.copy(tar.NewReader(&from), regexp.MustCompile(`^(usr/lib/.*\.so(\.[^/]*)?)$`), out))
	require.NoError(t, out.Close())

	links := map[string]string{}
	for r := tar.NewReader(&to); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		links[h.Name] = h.Linkname
	}
	// A symbolic link is relative and keeps its target; a hard link's target
	// is a path in the layer and moves along.
	require.Equal(t, map[string]string{
		"ffmpeg/usr/lib/libx.so.1.2": "",
		"ffmpeg/usr/lib/libx.so.1":   "libx.so.1.2",
		"ffmpeg/usr/lib/liby.so.1":   "ffmpeg/usr/lib/libx.so.1.2",
	}, links)
}

func TestTheManifestNamesEveryPackageOnce(t *testing.T) {
	dir := t.TempDir()
	var debs []string
	for _, name := range []string{"b_1_amd64.deb", "a_1_amd64.deb", "b_1_amd64.deb"} {
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, []byte(name[:1]), 0o644))
		debs = append(debs, file)
	}
	list, err := manifest(debs)
	require.NoError(t, err)
	require.Equal(t, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb  a_1_amd64.deb\n"+
		"3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d  b_1_amd64.deb\n", list)
}

func TestWhatAPartIsToldChangesTheLayer(t *testing.T) {
	one := Unpacked{Manifest: "manifest", Parts: []Part{{Dir: "ffmpeg", Names: []string{"ffmpeg"}}}}
	other := Unpacked{Manifest: "manifest", Parts: []Part{{Dir: "ffmpeg", Names: []string{"ffmpeg"}, Without: "libz3-4"}}}
	require.NotEqual(t, one.Identity(), other.Identity())
}

func TestAStandInIsKnownByTheNameThatDockerfilesUse(t *testing.T) {
	for _, r := range FFmpeg("bookworm") {
		require.NotEmpty(t, r.StandIn, "%s is not what its name says", r.Name())
	}
	require.Equal(t, []string{"gcr.io/distroless/base-debian12:debug"}, distrolessDebug("bookworm").Names())
}
