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
	"builders.test/helpers/subject"
	"builders.test/helpers/suite"
	"github.com/stretchr/testify/require"
)

// The sizes of a layer that make a difference to old releases of dive: well
// below and well above 1 KiB, also when it is compressed.
const (
	smallLayer = "16"
	largeLayer = "8192"
)

// layered is an image of one layer with one file.
type layered struct {
	ref, file string
}

func imagesDive(t *testing.T) {
	t.Helper()
	suite.Prove(t, claim.Claim{
		ID:      "images/dive-0.12-containerd",
		Text:    "dive v0.12.0 fails on an image of the containerd store, and on what `docker save` wrote of it, if a layer is compressed with zstd or with gzip to less than 1 KiB; it reads larger and uncompressed layers",
		Source:  diveContainerd,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.ContainerdStore, claim.Dive},
		History: "A fault of dive, not of the store: v0.12.0 takes no file below 1 KiB for a layer and knows no zstd, and the containerd store gives layers out as they are, compressed; v0.13.1 reads them",
	}, func(t *suite.T) {
		requireUnread(t, subject.OldDive, makeLayered(t, smallLayer, gzipLayers), "whose layer is small and compressed")
		requireUnread(t, subject.OldDive, makeLayered(t, largeLayer, zstdLayers), "whose layer is compressed with zstd")
		requireRead(t, subject.OldDive, makeLayered(t, largeLayer, gzipLayers))
		requireRead(t, subject.OldDive, makeLayered(t, smallLayer, plainLayers))
	})

	suite.Prove(t, claim.Claim{
		ID:     "images/dive-0.12-overlay2",
		Text:   "dive v0.12.0 reads images of the overlay2 store and what `docker save` wrote of them, however small or compressed their layers were: this store gives them out uncompressed",
		Source: diveContainerd,
		Needs:  []claim.Need{claim.Overlay2Store, claim.Dive},
	}, diveReadsEveryImage(subject.OldDive))

	suite.Prove(t, claim.Claim{
		ID:     "images/dive-0.13-containerd",
		Text:   "dive v0.13.1 reads images of the containerd store and what `docker save` wrote of them, however small and however compressed their layers are",
		Source: diveContainerd,
		Needs:  []claim.Need{claim.ContainerdStore, claim.Dive},
	}, diveReadsEveryImage(subject.NewDive))

	suite.Prove(t, claim.Claim{
		ID:     "images/dive-0.13-overlay2",
		Text:   "dive v0.13.1 reads images of the overlay2 store and what `docker save` wrote of them, however small and however compressed their layers are",
		Source: diveContainerd,
		Needs:  []claim.Need{claim.Overlay2Store, claim.Dive},
	}, diveReadsEveryImage(subject.NewDive))
}

// makeLayered loads such an image into the engine, by the output named.
func makeLayered(t *suite.T, size, output string) layered {
	t.Helper()
	made := layered{ref: image.New(t, "layered"), file: t.Env.Name("file")}
	build.Run(t, builder.Shared(t), "fixtures/images/layer",
		build.Arg("NAME", made.file), build.Arg("BYTES", size), build.Output(output+",name="+made.ref))
	return made
}

// What the engine gets; on its own BuildKit compresses layers with gzip.
const (
	gzipLayers  = "type=docker"
	plainLayers = "type=docker,compression=uncompressed,force-compression=true"
	zstdLayers  = "type=docker,compression=zstd,force-compression=true,oci-mediatypes=true"
)

// sources are the image in the engine and in a file that docker save wrote.
func (l layered) sources(t *suite.T) []dive.Source {
	t.Helper()
	archive := filepath.Join(t.Env.Dir, t.Env.Name("archive")+".tar")
	cli.NewConfig(t).Docker(t, "save", "--output", archive, l.ref)
	return []dive.Source{dive.Engine(l.ref), dive.Archive(archive)}
}

// requireRead wants dive to read the image: its one layer, as the engine has
// it, and in it the file, where that release of dive lists files.
func requireRead(t *suite.T, release string, l layered) {
	t.Helper()
	for _, source := range l.sources(t) {
		found, err := dive.Look(t, release, source)
		require.NoError(t, err, "dive %s cannot read %s", release, source)
		require.Equal(t, image.Inspect(t, l.ref, t.Native()).RootFS.Layers, found.DiffIDs(), "dive %s read another image than %s", release, source)
		if release != subject.OldDive {
			require.Equal(t, []dive.File{{Path: l.file}}, found.Layers[0].Files, "dive %s lists other files in %s than it holds", release, source)
		}
	}
}

func requireUnread(t *suite.T, release string, l layered, message string) {
	t.Helper()
	for _, source := range l.sources(t) {
		found, err := dive.Look(t, release, source)
		require.Error(t, err, "dive %s reads %s, %s: %+v", release, source, message, found)
		require.ErrorContains(t, err, "in parsed layers", "dive %s fails on %s for another reason", release, source)
	}
}

// diveReadsEveryImage proves it of images whose layers differ in size and
// compression.
func diveReadsEveryImage(release string) func(*suite.T) {
	return func(t *suite.T) {
		for _, size := range []string{smallLayer, largeLayer} {
			for _, output := range []string{gzipLayers, plainLayers, zstdLayers} {
				requireRead(t, release, makeLayered(t, size, output))
			}
		}
	}
}
