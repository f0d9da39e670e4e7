//go:build integration

package builders

import (
	"os"
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/cli"
	"builders.test/helpers/files"
	"builders.test/helpers/fixture"
	"builders.test/helpers/image"
	"builders.test/helpers/suite"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/require"
)

// The claims of TestOutput about results written to files.

func outputFiles(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:     "output/local",
		Text:   "`type=local` writes the result's files, and nothing else, to a folder",
		Source: docsLocalTar,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		dir := fixture.Path(t, "local")

		build.Run(t, b, "fixtures/output", printing(t, ""), build.Target("value"), build.Local(dir))

		require.Equal(t, t.Salt(), files.In(dir).Text(t, "id"), "the folder does not contain what was built")
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 1, "the folder contains more than the result's one file")
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/local-platforms",
		Text:   "`type=local` with several platforms writes each to its own folder, such as `linux_amd64`",
		Source: docsLocalTar,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, func(t *suite.T) {
		b := builder.Shared(t)
		dir := fixture.Path(t, "local")
		build.Run(t, b, "fixtures/push", printing(t, ""), build.Platform(bothPlatforms...), build.Local(dir))
		for _, arch := range architectures {
			require.Equal(t, arch, files.In(dir).Text(t, "linux_"+arch+"/arch"), "the folder for linux/%s contains another platform's result", arch)
		}
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/tar",
		Text:   "`type=tar` writes the same files into one archive",
		Source: docsLocalTar,
	}, func(t *suite.T) {
		b := builder.Shared(t)
		file := fixture.Path(t, "tar")

		build.Run(t, b, "fixtures/output", printing(t, ""), build.Target("value"), build.Output("type=tar,dest="+file))

		result := files.Tar(t, file)
		require.Equal(t, t.Salt(), result.Text(t, "id"), "the archive does not contain what was built")
		require.Equal(t, []string{"id"}, result.Names(t), "the archive contains more than the result's one file")
	})

	suite.Prove(t, claim.Claim{
		ID:     "output/oci",
		Text:   "`type=oci` writes an OCI image layout (an archive, or with `tar=false` a folder) with the image that the metadata file names",
		Source: docsOCI,
		Needs:  []claim.Need{claim.OwnBuildKit},
	}, ociWritesALayout)

	suite.Prove(t, claim.Claim{
		ID:     "output/docker-archive",
		Text:   "`type=docker,dest=` writes an archive and loads nothing; `docker load` accepts it, and the image runs",
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
		Text:   "On the overlay2 store the default builder refuses OCI and docker archives, several platforms and attestations, and its error suggests the containerd store",
		Source: docsStore,
		Needs:  []claim.Need{claim.DockerDriver, claim.Overlay2Store},
	}, func(t *suite.T) {
		b := builder.New(t)
		for what, option := range map[string]build.Option{
			"an OCI archive":    build.Output("type=oci,dest=" + fixture.Path(t, "oci")),
			"a docker archive":  build.Output("type=docker,dest=" + fixture.Path(t, "docker")),
			"several platforms": build.Platform(bothPlatforms...),
			"an attestation":    build.Provenance(),
		} {
			refused := build.Try(t, b, "fixtures/push", printing(t, ""), option)
			refused.MustFail(t, "the default builder on the overlay2 store can make %s", what)
			require.Contains(t, refused.Stderr(), "containerd image store", "the error for %s does not suggest the containerd store", what)
		}
		require.Empty(t, ownImages(t), "a refused build left an image in the engine")
	})
}

func ociWritesALayout(t *suite.T) {
	b := builder.Shared(t)
	file, dir := fixture.Path(t, "oci"), fixture.Path(t, "oci")

	packed := build.Run(t, b, "fixtures/output", printing(t, ""), build.Output("type=oci,dest="+file), build.WithMetadata(t))
	requireLayout(t, image.InArchive(t, file), packed.Metadata(t).Digest)
	unpacked := build.Run(t, b, "fixtures/output", printing(t, ""), build.Output("type=oci,tar=false,dest="+dir), build.WithMetadata(t))
	requireLayout(t, image.InLayout(t, dir), unpacked.Metadata(t).Digest)
	require.Empty(t, ownImages(t), "an image that should only be written to files is in the engine, too")
}

// requireLayout fails unless a layout's image has the digest and is what was built.
func requireLayout(t *suite.T, img v1.Image, digest string) {
	found, err := img.Digest()
	require.NoError(t, err)
	require.Equal(t, digest, found.String(), "the metadata file does not name the layout's image")
	require.Equal(t, t.Salt(), image.Files(t, img).Text(t, "id"), "the layout's image is not what was built")
}

func aDockerArchiveCanBeLoaded(t *suite.T) {
	b := builder.Shared(t)
	ref, file := image.New(t, "archive"), fixture.Path(t, "docker")

	build.Run(t, b, "fixtures/output", printing(t, ""), build.Tag(ref), build.Output("type=docker,dest="+file))
	require.Empty(t, ownImages(t), "an image that should only be written to a file is in the engine, too")

	cli.NewConfig(t).Docker(t, "load", "--input", file)
	requirePrints(t, ref, "", "the image that docker load loaded is not what was built")
}
