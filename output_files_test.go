//go:build integration

package builders

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"builders.test/helpers/archive"
	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/cli"
	"builders.test/helpers/folder"
	"builders.test/helpers/image"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// This file belongs to the chapter output: results that are written to files.

func outputFiles(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:     "output/local",
		Text:   "`type=local` writes the result's files, and nothing else, into a folder",
		Source: docsLocalTar,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		dir := dest(t, "local")

		build.Run(t, b, "fixtures/output", printing(t, ""), build.Target("value"), build.Local(dir))

		require.Equal(t, value(t, ""), written(t, dir, "id"), "the folder holds something else than was built")
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 1, "the folder holds more than the result's one file")
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/local-platforms",
		Text:   "`type=local` of several platforms writes each into a folder of its own, named `linux_amd64` and the like",
		Source: docsLocalTar,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.Shared(t)
		dir := dest(t, "local")
		build.Run(t, b, "fixtures/push", printing(t, ""), build.Platform(bothPlatforms...), build.Local(dir))
		for _, arch := range architectures {
			require.Equal(t, arch, written(t, dir, "linux_"+arch+"/arch"), "the folder for linux/%s holds another platform's result", arch)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/tar",
		Text:   "`type=tar` writes the same files into one archive",
		Source: docsLocalTar,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		file := dest(t, "tar")

		build.Run(t, b, "fixtures/output", printing(t, ""), build.Target("value"), build.Output("type=tar,dest="+file))

		files := archive.Tar(t, file)
		id, ok := files.Text("id")
		require.True(t, ok, "the archive does not hold the result's file")
		require.Equal(t, value(t, ""), id, "the archive holds something else than was built")
		require.Equal(t, []string{"id"}, files.Names(), "the archive holds more than the result's one file")
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/oci",
		Text:   "`type=oci` writes an OCI image layout, as an archive or with `tar=false` as a folder, that holds the image which the metadata file names",
		Source: docsOCI,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, ociWritesALayout)

	suite.Prove(t, claim.Claim{
		ID:     "output/docker-archive",
		Text:   "`type=docker,dest=` writes an archive and loads nothing; `docker load` takes it, and the image runs",
		Source: docsOCI,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, aDockerArchiveCanBeLoaded)

	suite.Prove(t, claim.Claim{
		ID:     "output/default-builder-archives",
		Text:   "On the containerd store the default builder writes OCI layouts and docker archives as other builders do",
		Source: docsStore,
		Needs:  []claim.Need{claim.DockerDriver, claim.ContainerdStore},
	}, func(t *suite.T) {
		ociWritesALayout(t)
		aDockerArchiveCanBeLoaded(t)
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/default-builder-overlay2",
		Text:   "On the overlay2 store the default builder refuses OCI and docker archives, several platforms and attestations, and names the containerd store as the way out",
		Source: docsStore,
		Needs:  []claim.Need{claim.DockerDriver, claim.Overlay2Store},
	}, func(t *suite.T) {
		b := builder.New(t)
		for what, option := range map[string]build.Option{
			"an OCI archive":    build.Output("type=oci,dest=" + dest(t, "oci")),
			"a docker archive":  build.Output("type=docker,dest=" + dest(t, "docker")),
			"several platforms": build.Platform(bothPlatforms...),
			"an attestation":    build.Provenance(),
		} {
			refused := build.Try(t, b, "fixtures/push", printing(t, ""), option)
			refused.MustFail(t, "the default builder on the overlay2 store makes %s", what)
			require.Contains(t, refused.Stderr(), "containerd image store", "the refusal of %s does not name the way out", what)
		}
		require.Empty(t, left(t), "a refused build left an image in the engine")
	})
}

// dest is a place in the run's folder that a build may write to.
func dest(t *suite.T, label string) string {
	return filepath.Join(t.Env.Dir, t.Env.Name(label))
}

// written is the content of a file that a build wrote into a folder.
func written(t *suite.T, dir, file string) string {
	t.Helper()
	return strings.TrimSpace(folder.Read(t, dir, file))
}

func ociWritesALayout(t *suite.T) {
	b := builder.Shared(t)
	file, dir := dest(t, "oci"), dest(t, "oci")

	packed := build.Run(t, b, "fixtures/output", printing(t, ""), build.Output("type=oci,dest="+file), build.WithMetadata(t))
	requireLayout(t, archive.Unpack(t, file), packed.Metadata(t).Digest)
	unpacked := build.Run(t, b, "fixtures/output", printing(t, ""), build.Output("type=oci,tar=false,dest="+dir), build.WithMetadata(t))
	requireLayout(t, dir, unpacked.Metadata(t).Digest)
	require.Empty(t, left(t), "an image that was to be written to files is in the engine, too")
}

// requireLayout looks for the image with the digest in a folder.
func requireLayout(t *suite.T, dir, digest string) {
	t.Helper()
	img := archive.Image(t, dir)
	found, err := img.Digest()
	require.NoError(t, err)
	require.Equal(t, digest, found.String(), "the metadata file names another image than the layout holds")
	id, _ := archive.Content(t, img).Text("id")
	require.Equal(t, value(t, ""), id, "the layout's image is not what was built")
}

func aDockerArchiveCanBeLoaded(t *suite.T) {
	b := builder.Shared(t)
	ref, file := image.New(t, "archive"), dest(t, "docker")

	build.Run(t, b, "fixtures/output", printing(t, ""), build.Tag(ref), build.Output("type=docker,dest="+file))
	require.Empty(t, left(t), "an image that was to be written to a file is in the engine, too")

	cli.NewConfig(t).Docker(t, "load", "--input", file)
	requirePrints(t, ref, "", "the image that docker load took is not what was built")
}
