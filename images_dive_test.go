//go:build integration

package builders

import (
	"path/filepath"
	"testing"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/claim"
	"builders.test/helpers/cli"
	"builders.test/helpers/dive"
	"builders.test/helpers/image"
	"builders.test/helpers/suite"
	"builders.test/internal/versions"
	"github.com/stretchr/testify/require"
)

// Layer sizes that make a difference to old releases of dive: well below and well
// above 1 KiB, even when compressed.
const (
	smallLayer = "16"
	largeLayer = "8192"
)

// layered is an image with one layer that holds one file, and its `docker save` archive.
type layered struct {
	ref, file, archive string
}

func imagesDive(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:      "images/dive-0.12-containerd",
		Text:    "dive v0.12.0 fails on an image in the containerd store, and on its `docker save` archive, if a layer is compressed with zstd, or with gzip to less than 1 KiB; it reads larger and uncompressed layers",
		Source:  diveContainerd,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.ContainerdStore, claim.Dive},
		History: "A bug in dive, not in the store: v0.12.0 does not recognize a file below 1 KiB as a layer and does not support zstd, and the containerd store exports layers as they are, compressed; v0.13.1 reads them",
	}, func(t *suite.T) {
		requireUnread(t, versions.OldDive, makeLayered(t, smallLayer, gzipLayers), "whose layer is small and compressed")
		requireUnread(t, versions.OldDive, makeLayered(t, largeLayer, zstdLayers), "whose layer is compressed with zstd")
		requireRead(t, versions.OldDive, makeLayered(t, largeLayer, gzipLayers))
		requireRead(t, versions.OldDive, makeLayered(t, smallLayer, plainLayers))
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/dive-0.12-overlay2",
		Text:   "dive v0.12.0 reads images in the overlay2 store and their `docker save` archives, no matter how small or compressed the layers were: this store exports them uncompressed",
		Source: diveContainerd,
		Needs:  []claim.Need{claim.Overlay2Store, claim.Dive},
	}, diveReadsEveryImage(versions.OldDive))

	suite.Prove(t, claim.Claim{
		ID:     "images/dive-0.13-containerd",
		Text:   "dive v0.13.1 reads images in the containerd store and their `docker save` archives, no matter how small the layers are or how they are compressed",
		Source: diveContainerd,
		Needs:  []claim.Need{claim.ContainerdStore, claim.Dive},
	}, diveReadsEveryImage(versions.NewDive))

	suite.Prove(t, claim.Claim{
		ID:     "images/dive-0.13-overlay2",
		Text:   "dive v0.13.1 reads images in the overlay2 store and their `docker save` archives, no matter how small the layers are or how they are compressed",
		Source: diveContainerd,
		Needs:  []claim.Need{claim.Overlay2Store, claim.Dive},
	}, diveReadsEveryImage(versions.NewDive))
}

// makeLayered loads such an image into the engine, with the given output. Both releases
// of dive look at the same images.
func makeLayered(t *suite.T, size, output string) layered {
	made, err := suite.Shared(t, t.SharedKey("layered "+size+" "+output), func() (layered, error) {
		made := layered{
			ref: t.Env.SharedImage("layered"), file: t.Env.Name("file"),
			archive: filepath.Join(t.Env.Dir, t.Env.Name("archive")+".tar"),
		}
		build.Run(t, builder.Shared(t), "fixtures/images/layer",
			build.Arg("NAME", made.file), build.Arg("BYTES", size), build.Output(output+",name="+made.ref))
		cli.NewConfig(t).Docker(t, "save", "--output", made.archive, made.ref)
		return made, nil
	})
	require.NoError(t, err, "the image is not there")
	return made
}

// What the engine gets; by default BuildKit compresses layers with gzip.
const (
	gzipLayers  = "type=docker"
	plainLayers = "type=docker,compression=uncompressed,force-compression=true"
	zstdLayers  = "type=docker,compression=zstd,force-compression=true,oci-mediatypes=true"
)

// sources returns the image in the engine and in the archive.
func (l layered) sources() []dive.Source {
	return []dive.Source{dive.Engine(l.ref), dive.Archive(l.archive)}
}

// requireRead fails unless dive reads the image: its one layer, as the engine has
// it, and the file in it, if that release of dive lists files.
func requireRead(t *suite.T, release string, l layered) {
	for _, source := range l.sources() {
		found, err := dive.Look(t, release, source)
		require.NoError(t, err, "dive %s cannot read %s", release, source)
		require.Equal(t, image.Inspect(t, l.ref, t.Native()).RootFS.Layers, found.DiffIDs(), "dive %s did not read the layers of %s", release, source)
		if release != versions.OldDive {
			require.Equal(t, []dive.File{{Path: l.file}}, found.Layers[0].Files, "dive %s does not list the files in %s", release, source)
		}
	}
}

func requireUnread(t *suite.T, release string, l layered, message string) {
	for _, source := range l.sources() {
		found, err := dive.Look(t, release, source)
		require.Error(t, err, "dive %s reads %s, %s: %+v", release, source, message, found)
		require.ErrorContains(t, err, "in parsed layers", "dive %s fails on %s for another reason", release, source)
	}
}

// diveReadsEveryImage tries images whose layers differ in size and compression.
func diveReadsEveryImage(release string) func(*suite.T) {
	return func(t *suite.T) {
		for _, size := range []string{smallLayer, largeLayer} {
			for _, output := range []string{gzipLayers, plainLayers, zstdLayers} {
				requireRead(t, release, makeLayered(t, size, output))
			}
		}
	}
}
