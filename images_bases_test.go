//go:build integration

package builders

import (
	"fmt"
	"slices"
	"strings"

	"builders.test/helpers/build"
	"builders.test/helpers/builder"
	"builders.test/helpers/files"
	"builders.test/helpers/fixture"
	"builders.test/helpers/subject"
	"builders.test/helpers/suite"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/fs"
)

// The base images of TestImages.

// baseFolder is an OCI layout, a folder with images that are bases.
type baseFolder struct{ dir string }

// twoBases is a folder with two images.
type twoBases struct {
	baseFolder
	// older and newer are the values in the images. Each image has the tag of that name.
	older, newer string
}

// basesFor returns two base images for the platforms. Claims that need such images, no
// matter how they came about, share them.
func basesFor(t *suite.T, platforms string, options ...build.Option) twoBases {
	key := strings.Join(append(build.Words(options...), "bases for", platforms), " ")
	made, err := suite.Shared(t, t.SharedKey(key), func() (twoBases, error) {
		made := twoBases{baseFolder: emptyFolder(t)}
		options := append(options, build.Platform(platforms))
		made.older = made.add(t, "older", options...)
		made.newer = made.add(t, "newer", options...)
		return made, nil
	})
	require.NoError(t, err, "the base images are not there")
	return made
}

func emptyFolder(t *suite.T) baseFolder { return baseFolder{fixture.Path(t, "layout")} }

// add builds an image with a unique value into the folder.
func (f baseFolder) add(t *suite.T, tag string, options ...build.Option) (value string) {
	output := build.Output("type=oci,tar=false,dest=" + f.dir + ",name=builders.test/base:" + tag)
	return makeBase(t, builder.SharedOf(t, subject.DriverContainer), append(options, output)...)
}

// source is the folder as a build context.
func (f baseFolder) source() string { return "oci-layout://" + f.dir }

// chosen is the base that the words after the folder choose.
func (f baseFolder) chosen(words, want string) wantedBase {
	return wantedBase{f.source() + words, want, "oci-layout://…" + words + " did not select the right base"}
}

func (f baseFolder) index(t *suite.T) v1.ImageIndex {
	index, err := layout.ImageIndexFromPath(f.dir)
	t.OK(err, "the folder of base images is not an OCI layout")
	return index
}

// find returns the image of that tag.
func (f baseFolder) find(t *suite.T, tag string) v1.Descriptor {
	listed, err := f.index(t).IndexManifest()
	t.OK(err, "the OCI layout has no readable index.json")
	i := slices.IndexFunc(listed.Manifests, func(d v1.Descriptor) bool {
		return d.Annotations["org.opencontainers.image.ref.name"] == tag
	})
	require.GreaterOrEqual(t, i, 0, "the OCI layout has no image with the tag %s", tag)
	return listed.Manifests[i]
}

// put makes ref, a tag in a registry, name the image of that tag.
func (f baseFolder) put(t *suite.T, tag, ref string) {
	to, err := name.NewTag(ref, name.Insecure)
	t.EnvironmentOK(err, "put a base image into a registry")
	found := f.find(t, tag)
	var image remote.Taggable
	if found.MediaType.IsIndex() {
		image, err = f.index(t).ImageIndex(found.Digest)
	} else {
		image, err = f.index(t).Image(found.Digest)
	}
	t.OK(err, "the OCI layout has no complete image with the tag %s", tag)
	t.EnvironmentOK(remote.Push(to, image, remote.WithContext(t.Context())), "put a base image into a registry")
}

// wantedBase is a base and the value that must be in it.
type wantedBase struct {
	// from is an image, or a source that --build-context understands.
	from, want string
	message    string
}

// requireBases is [requireBase] for several bases in one build. Each has its own stages,
// and what these find is compared one by one.
func requireBases(t *suite.T, b *builder.Builder, bases ...wantedBase) {
	var stages, copies strings.Builder
	result := fixture.Path(t, "result")
	options := []build.Option{build.Local(result)}
	for i, base := range bases {
		if base.isSource() {
			options = append(options, build.Context(contextName(i), base.from))
		}
		fmt.Fprintf(&stages, "FROM %s AS found%d\nRUN cat /id\n", base.name(i), i)
		fmt.Fprintf(&copies, "COPY --from=found%d /id /%d\n", i, i)
	}
	context := fixture.New(t, fs.WithFile("Dockerfile", stages.String()+"FROM scratch\n"+copies.String()))

	r := build.Try(t, b, context, options...)

	for i, base := range bases {
		require.False(t, r.FailedAt(base.name(i)), "%s: the build on %s failed: %s", base.message, b.Name, r.FailureReason())
	}
	require.Zero(t, r.Command.ExitCode, "the build on %s did not find all of its bases: %s", b.Name, r.FailureReason())
	for i, base := range bases {
		require.Equal(t, base.want, files.In(result).Text(t, fmt.Sprint(i)), base.message)
	}
}

func (w wantedBase) isSource() bool { return strings.Contains(w.from, "://") }

// name is what FROM says.
func (w wantedBase) name(i int) string {
	if w.isSource() {
		return contextName(i)
	}
	return w.from
}

// requireSource is [requireBase] for a source.
func requireSource(t *suite.T, b *builder.Builder, base wantedBase) {
	requireBase(t, b, base.want, base.message, build.Context("base", base.from))
}

// contextName is what requireBases calls a context in its Dockerfile. No image has that name.
func contextName(i int) string { return fmt.Sprintf("base%d", i) }
