//go:build integration

package builders

import (
	"os"
	"path/filepath"
	"strings"

	"builders.test/helpers/archive"
	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/folder"
	"builders.test/helpers/image"
	"builders.test/helpers/spec"
	"github.com/stretchr/testify/require"
)

// This file belongs to the chapter output: results that are written to files.

// dest is a place in the run's folder that a build may write to.
func dest(t *spec.T, label string) string {
	return filepath.Join(t.Env.Dir, t.Env.Name(label))
}

// written is the content of a file that a build wrote into a folder.
func written(t *spec.T, dir, file string) string {
	t.Helper()
	return strings.TrimSpace(folder.Read(t, dir, file))
}

func localWritesFiles(t *spec.T) {
	b := builder.Warm(t, native(t))
	dir := dest(t, "local")

	build.Run(t, b, "fixtures/output", printing(t, ""), build.Target("value"), build.Output("type=local,dest="+dir))

	require.Equal(t, value(t, ""), written(t, dir, "id"), "the folder holds something else than was built")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "the folder holds more than the result's one file")
}

func localWritesAFolderPerPlatform(t *spec.T) {
	b := builder.Warm(t, native(t))
	dir := dest(t, "local")
	build.Run(t, b, "fixtures/push", printing(t, ""), build.Platform(bothPlatforms), build.Output("type=local,dest="+dir))
	for _, arch := range architectures {
		require.Equal(t, arch, written(t, dir, "linux_"+arch+"/arch"), "the folder for linux/%s holds another platform's result", arch)
	}
}

func tarWritesAnArchive(t *spec.T) {
	b := builder.Warm(t, native(t))
	file := dest(t, "tar")

	build.Run(t, b, "fixtures/output", printing(t, ""), build.Target("value"), build.Output("type=tar,dest="+file))

	files := archive.Tar(t, file)
	id, ok := files.Text("id")
	require.True(t, ok, "the archive does not hold the result's file")
	require.Equal(t, value(t, ""), id, "the archive holds something else than was built")
	require.Equal(t, []string{"id"}, files.Names(), "the archive holds more than the result's one file")
}

func ociWritesALayout(t *spec.T) {
	b := builder.Warm(t, native(t))
	file, dir := dest(t, "oci"), dest(t, "oci")

	packed := build.Run(t, b, "fixtures/output", printing(t, ""), build.Output("type=oci,dest="+file), build.WithMetadata(t))
	requireLayout(t, archive.Unpack(t, file), packed.Metadata(t).Digest)
	unpacked := build.Run(t, b, "fixtures/output", printing(t, ""), build.Output("type=oci,tar=false,dest="+dir), build.WithMetadata(t))
	requireLayout(t, dir, unpacked.Metadata(t).Digest)
	require.Empty(t, left(t), "an image that was to be written to files is in the engine, too")
}

// requireLayout looks for the image with the digest in a folder.
func requireLayout(t *spec.T, dir, digest string) {
	t.Helper()
	img := archive.Image(t, dir)
	found, err := img.Digest()
	require.NoError(t, err)
	require.Equal(t, digest, found.String(), "the metadata file names another image than the layout holds")
	id, _ := archive.Content(t, img).Text("id")
	require.Equal(t, value(t, ""), id, "the layout's image is not what was built")
}

func aDockerArchiveCanBeLoaded(t *spec.T) {
	b := builder.Warm(t, native(t))
	ref, file := image.New(t, "archive"), dest(t, "docker")

	build.Run(t, b, "fixtures/output", printing(t, ""), build.Tag(ref), build.Output("type=docker,dest="+file))
	require.Empty(t, left(t), "an image that was to be written to a file is in the engine, too")

	cli.NewHome(t).Docker(t, "load", "--input", file)
	requirePrints(t, ref, "", "the image that docker load took is not what was built")
}

func theDefaultBuilderWritesArchives(t *spec.T) {
	ociWritesALayout(t)
	aDockerArchiveCanBeLoaded(t)
}

func theDefaultBuilderWantsTheContainerdStore(t *spec.T) {
	b := builder.New(t)
	for what, option := range map[string]build.Option{
		"an OCI archive":    build.Output("type=oci,dest=" + dest(t, "oci")),
		"a docker archive":  build.Output("type=docker,dest=" + dest(t, "docker")),
		"several platforms": build.Platform(bothPlatforms),
		"an attestation":    build.Attested(),
	} {
		refused := build.Try(t, b, "fixtures/push", printing(t, ""), option)
		require.NotZero(t, refused.Command.ExitCode, "the default builder on the overlay2 store makes %s", what)
		require.Contains(t, refused.Remarks(), "containerd image store", "the refusal of %s does not name the way out", what)
	}
	require.Empty(t, left(t), "a refused build left an image in the engine")
}
