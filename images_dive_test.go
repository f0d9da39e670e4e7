//go:build integration

package builders

import (
	"path/filepath"
	"strings"
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

// The layers of an image, see fixtures/images/layer: sizes that make a difference to old
// releases of dive.
var (
	onlyLarge     = []string{"large"}
	smallAndLarge = []string{"small", "large"}
)

// layered is an image whose layers hold one file each, and its `docker save` archive.
type layered struct {
	ref, archive string
	// files are the layers' files, from the base up.
	files []dive.File
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
		requireRead(t, versions.OldDive, makeLayered(t, onlyLarge, gzipLayers))
		requireUnread(t, versions.OldDive, makeLayered(t, smallAndLarge, gzipLayers), "with a layer that is small and compressed")
		requireUnread(t, versions.OldDive, makeLayered(t, onlyLarge, zstdLayers), "with a layer that is compressed with zstd")
		requireRead(t, versions.OldDive, makeLayered(t, smallAndLarge, plainLayers))
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
func makeLayered(t *suite.T, layers []string, output string) layered {
	stage := strings.Join(layers, "-and-")
	made, err := suite.Shared(t, t.SharedKey("layered "+stage+" "+output), func() (layered, error) {
		name := t.Env.Name("file")
		made := layered{
			ref:     t.Env.SharedImage("layered"),
			archive: filepath.Join(t.Env.Dir, t.Env.Name("archive")+".tar"),
		}
		for _, layer := range layers {
			made.files = append(made.files, dive.File{Path: layer + "-" + name})
		}
		build.Run(t, builder.Shared(t), "fixtures/images/layer",
			build.Arg("NAME", name), build.Target(stage), build.Output(output+",name="+made.ref))
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

// requireRead fails unless dive reads the image: its layers, as the engine has
// them, and the file in each, if that release of dive lists files.
func requireRead(t *suite.T, release string, l layered) {
	for _, source := range l.sources() {
		found, err := dive.Look(t, release, source)
		require.NoError(t, err, "dive %s cannot read %s", release, source)
		require.Equal(t, image.Inspect(t, l.ref, t.Native()).RootFS.Layers, found.DiffIDs(), "dive %s did not read the layers of %s", release, source)
		if release != versions.OldDive {
			for i, file := range l.files {
				require.Equal(t, []dive.File{file}, found.Layers[i].Files, "dive %s does not list the files in %s", release, source)
			}
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

// diveReadsEveryImage tries images whose layers differ in size, each with another compression.
func diveReadsEveryImage(release string) func(*suite.T) {
	return func(t *suite.T) {
		for _, output := range []string{gzipLayers, plainLayers, zstdLayers} {
			requireRead(t, release, makeLayered(t, smallAndLarge, output))
		}
	}
}
