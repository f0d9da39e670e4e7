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
	"builders.test/helpers/image"
	"builders.test/helpers/subject"
	"builders.test/helpers/suite"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/fs"
)

// The base images of TestImages.

// twoBases is an OCI layout, a folder with two images that are bases.
type twoBases struct {
	dir string
	// older and newer are the values in the images. Each image has the tag of that name.
	older, newer string
}

// sharedBases returns two base images for both architectures and that of the host. Claims
// that need such images, no matter how they came about, share them: a builder exported the
// older one, and the newer one is that with another value on top.
func sharedBases(t *suite.T) twoBases {
	made, err := suite.Shared(t, t.SharedKey("base images"), func() (twoBases, error) {
		made := twoBases{dir: fixture.Path(t, "layout")}
		platforms := bothPlatforms
		if !slices.Contains(platforms, t.Native()) {
			platforms = append(slices.Clone(platforms), t.Native())
		}
		output := build.Output("type=oci,tar=false,dest=" + made.dir + ",name=builders.test/base:older")
		made.older = makeBase(t, builder.SharedOf(t, subject.DriverContainer), build.Platform(platforms...), output)
		made.newer = made.addNewer(t)
		return made, nil
	})
	require.NoError(t, err, "the base images are not there")
	return made
}

func (f twoBases) addNewer(t *suite.T) (value string) {
	value = t.Env.Name("value")
	top, err := image.Layer(map[string]string{"id": value})
	t.EnvironmentOK(err, "make a layer for a base image")
	newer := v1.ImageIndex(empty.Index)
	for _, older := range f.images(t, f.find(t, "older")) {
		image, err := mutate.Append(older.image, mutate.Addendum{Layer: top, MediaType: types.OCILayer})
		t.EnvironmentOK(err, "put a layer onto a base image")
		newer = mutate.AppendManifests(newer, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: older.platform}})
	}
	t.EnvironmentOK(layout.Path(f.dir).AppendIndex(newer, layout.WithAnnotations(map[string]string{refName: "newer"})),
		"add a base image to an OCI layout")
	return value
}

// platformImage is the image for one platform.
type platformImage struct {
	image    v1.Image
	platform *v1.Platform
}

// images returns the images that an index lists, or the one that there is without an index.
func (f twoBases) images(t *suite.T, found v1.Descriptor) (all []platformImage) {
	index, listed := f.index(t), []v1.Descriptor{found}
	if found.MediaType.IsIndex() {
		nested, err := index.ImageIndex(found.Digest)
		t.OK(err, "the OCI layout has no complete index")
		index = nested
		manifest, err := index.IndexManifest()
		t.OK(err, "the OCI layout has no readable index")
		listed = manifest.Manifests
	}
	for _, d := range listed {
		if d.Platform != nil && d.Platform.Architecture == "unknown" {
			continue // no image, but what BuildKit says about how it built one
		}
		image, err := index.Image(d.Digest)
		t.OK(err, "the OCI layout has no complete image")
		all = append(all, platformImage{image, d.Platform})
	}
	return all
}

// refName is the annotation with the tag of an image in an OCI layout.
const refName = "org.opencontainers.image.ref.name"

// source is the folder as a build context.
func (f twoBases) source() string { return "oci-layout://" + f.dir }

// chosen is the base that the words after the folder choose.
func (f twoBases) chosen(words, want string) wantedBase {
	return wantedBase{f.source() + words, want, "oci-layout://…" + words + " did not select the right base"}
}

func (f twoBases) index(t *suite.T) v1.ImageIndex {
	index, err := layout.ImageIndexFromPath(f.dir)
	t.OK(err, "the folder of base images is not an OCI layout")
	return index
}

// find returns the image of that tag.
func (f twoBases) find(t *suite.T, tag string) v1.Descriptor {
	listed, err := f.index(t).IndexManifest()
	t.OK(err, "the OCI layout has no readable index.json")
	i := slices.IndexFunc(listed.Manifests, func(d v1.Descriptor) bool { return d.Annotations[refName] == tag })
	require.GreaterOrEqual(t, i, 0, "the OCI layout has no image with the tag %s", tag)
	return listed.Manifests[i]
}

// put makes ref, a tag in a registry, name the image of that tag.
func (f twoBases) put(t *suite.T, tag, ref string) {
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
