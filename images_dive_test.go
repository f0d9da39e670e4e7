//go:build integration

package builders

import (
	"path/filepath"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/dive"
	"builders.test/helpers/env"
	"builders.test/helpers/image"
	"builders.test/helpers/spec"
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

// makeLayered loads such an image into the engine, by the output named.
func makeLayered(t *spec.T, bytes, output string) layered {
	t.Helper()
	made := layered{ref: image.New(t, "layered"), file: t.Env.Name("file")}
	build.Run(t, builder.Warm(t, native(t)), "fixtures/images/layer",
		build.Arg("NAME", made.file), build.Arg("BYTES", bytes), build.Output(output+",name="+made.ref))
	return made
}

// What the engine gets; on its own BuildKit compresses layers with gzip.
const (
	gzip         = "type=docker"
	uncompressed = "type=docker,compression=uncompressed,force-compression=true"
	zstd         = "type=docker,compression=zstd,force-compression=true,oci-mediatypes=true"
)

// sources are the image in the engine and in a file that docker save wrote.
func (l layered) sources(t *spec.T) []dive.Source {
	t.Helper()
	archive := filepath.Join(t.Env.Dir, t.Env.Name("archive")+".tar")
	cli.NewHome(t).Docker(t, "save", "--output", archive, l.ref)
	return []dive.Source{dive.Engine(l.ref), dive.Archive(archive)}
}

// requireRead wants dive to read the image: its one layer, as the engine has
// it, and in it the file, where that release of dive lists files.
func requireRead(t *spec.T, release string, l layered) {
	t.Helper()
	for _, source := range l.sources(t) {
		found, err := dive.Look(t, release, source)
		require.NoError(t, err, "dive %s cannot read %s", release, source)
		require.Len(t, found.Layers, 1, "dive %s finds other layers in %s than it has", release, source)
		layer := found.Layers[0]
		require.Equal(t, image.Inspect(t, l.ref, native(t)).RootFS.Layers, []string{layer.DiffID}, "dive %s read another layer than that of %s", release, source)
		if release != env.OldDive {
			require.Equal(t, []dive.File{{Path: l.file}}, layer.Files, "dive %s lists other files in %s than it holds", release, source)
		}
	}
}

func requireUnread(t *spec.T, release string, l layered, message string) {
	t.Helper()
	for _, source := range l.sources(t) {
		found, err := dive.Look(t, release, source)
		require.Error(t, err, "dive %s reads %s, %s: %+v", release, source, message, found)
		require.ErrorContains(t, err, "in parsed layers", "dive %s fails on %s for another reason", release, source)
	}
}

func oldDiveFailsOnSmallLayers(t *spec.T) {
	requireUnread(t, env.OldDive, makeLayered(t, smallLayer, gzip), "whose layer is small and compressed")
	requireUnread(t, env.OldDive, makeLayered(t, largeLayer, zstd), "whose layer is compressed with zstd")
	requireRead(t, env.OldDive, makeLayered(t, largeLayer, gzip))
	requireRead(t, env.OldDive, makeLayered(t, smallLayer, uncompressed))
}

// diveReadsEveryImage proves it of images whose layers differ in size and
// compression.
func diveReadsEveryImage(release string) func(*spec.T) {
	return func(t *spec.T) {
		for _, bytes := range []string{smallLayer, largeLayer} {
			for _, output := range []string{gzip, uncompressed, zstd} {
				requireRead(t, release, makeLayered(t, bytes, output))
			}
		}
	}
}
