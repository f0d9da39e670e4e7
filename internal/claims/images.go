package claims

import "builders.test/helpers/claim"

const (
	docsContexts   = "https://docs.docker.com/reference/cli/docker/buildx/build/#build-context"
	docsBakeTarget = "https://docs.docker.com/build/bake/contexts/"
	docsPull       = "https://docs.docker.com/reference/cli/docker/buildx/build/#pull"
	localImages    = "https://github.com/moby/buildkit/issues/2343"
	digestOnly     = "https://github.com/docker/buildx/issues/3793"
	diveContainerd = "https://github.com/wagoodman/dive/issues/510"
)

// images answers the open questions; disk is the one about disk.
var images = append([]claim.Claim{
	{
		ID:     "images/other-builders",
		Text:   "`FROM` finds no image that another builder built, neither one which that builder kept to itself nor one which it loaded into the engine",
		Source: "https://github.com/docker/buildx/issues/159",
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "images/engine",
		Text:   "`FROM` finds the engine's images on the default builder, and not on a builder with a BuildKit of its own, whoever put them there",
		Source: localImages,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "images/registry",
		Text:   "An image that one builder pushed to a registry is a base for any other builder",
		Source: docsContainer,
	},
	{
		ID:     "images/docker-image",
		Text:   "`--build-context name=docker-image://…` makes an image of a registry the base, named by tag, by digest or by both, where the digest decides",
		Source: docsContexts,
	},
	{
		ID:     "images/oci-layout",
		Text:   "`--build-context name=oci-layout://…` makes an image that another builder exported to a folder the base, named by tag or by tag and digest, where the digest decides",
		Source: docsContexts,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:      "images/oci-layout-digest",
		Text:    "`--build-context name=oci-layout://…@sha256:…` makes an image of the folder the base that is named by its digest alone",
		Source:  digestOnly,
		Needs:   []claim.Need{claim.OwnBuildKit},
		History: "buildx v0.33.0 refuses it (invalid reference format); v0.32.1 and v0.35.0 take it",
	},
	{
		ID:     "images/oci-layout-containerd",
		Text:   "On the containerd store the default builder, too, takes a base from a folder by `oci-layout://`",
		Source: docsContexts,
		Needs:  []claim.Need{claim.DockerDriver, claim.ContainerdStore},
	},
	{
		ID:     "images/oci-layout-overlay2",
		Text:   "On the overlay2 store the default builder takes no base from a folder: it does not know `oci-layout://`",
		Source: docsContexts,
		Needs:  []claim.Need{claim.DockerDriver, claim.Overlay2Store},
	},
	{
		ID:     "images/bake-target",
		Text:   "`target:` in a bake file makes the result of one target the base of another, without a registry; afterwards that builder does not find it as a base either",
		Source: docsBakeTarget,
	},
	{
		ID:     "images/bake-nodes",
		Text:   "`target:` hands a result over on each node of a builder, and bake refuses a target whose base another node builds",
		Source: docsBakeTarget,
		Needs:  append(bothArchitectures, claim.ContainerDriver),
	},
	{
		ID:     "images/pulled-containerd",
		Text:   "On the containerd store the default builder builds from the image that was pulled although the tag has moved; `--pull` asks the registry, for that one build",
		Source: docsPull,
		Needs:  []claim.Need{claim.DockerDriver, claim.ContainerdStore},
	},
	{
		ID:     "images/pulled-overlay2",
		Text:   "On the overlay2 store the default builder builds from the image that was pulled although the tag has moved; `--pull` asks the registry, for that one build",
		Source: docsPull,
		Needs:  []claim.Need{claim.DockerDriver, claim.Overlay2Store},
	},
	{
		ID:     "images/pulled-own-buildkit",
		Text:   "A builder with a BuildKit of its own builds from what the tag names now, whatever the engine has pulled and the builder has built from before",
		Source: localImages,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "images/pulled-platform-containerd",
		Text:   "On the containerd store an image that was pulled for one platform holds the tag for all: the default builder fetches the other platform of the image that was pulled",
		Source: docsContainerd,
		Needs:  append(bothArchitectures, claim.DockerDriver, claim.ContainerdStore),
	},
	{
		ID:     "images/pulled-platform-overlay2",
		Text:   "On the overlay2 store an image that was pulled for one platform says nothing of the other: for that the default builder takes what the tag names now",
		Source: docsContainerd,
		Needs:  append(bothArchitectures, claim.DockerDriver, claim.Overlay2Store),
	},
	{
		ID:     "images/pulled-offline",
		Text:   "Without its registry the default builder still builds from an image that was pulled, and a builder with a BuildKit of its own does not, even if it has built from it before",
		Source: localImages,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "images/not-pulled",
		Text:   "Without a pull the default builder takes what the tag names at each build, and the base image does not become one of the engine's",
		Source: docsPull,
		Needs:  []claim.Need{claim.DockerDriver},
	},
	{
		ID:      "images/dive-0.12-containerd",
		Text:    "dive v0.12.0 fails on an image of the containerd store, and on what `docker save` wrote of it, if a layer is compressed with zstd or with gzip to less than 1 KiB; it reads larger and uncompressed layers",
		Source:  diveContainerd,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.ContainerdStore, claim.Dive},
		History: "A fault of dive, not of the store: v0.12.0 takes no file below 1 KiB for a layer and knows no zstd, and the containerd store gives layers out as they are, compressed; v0.13.1 reads them",
	},
	{
		ID:     "images/dive-0.12-overlay2",
		Text:   "dive v0.12.0 reads images of the overlay2 store and what `docker save` wrote of them, however small or compressed their layers were: this store gives them out uncompressed",
		Source: diveContainerd,
		Needs:  []claim.Need{claim.Overlay2Store, claim.Dive},
	},
	{
		ID:     "images/dive-0.13-containerd",
		Text:   "dive v0.13.1 reads images of the containerd store and what `docker save` wrote of them, however small and however compressed their layers are",
		Source: diveContainerd,
		Needs:  []claim.Need{claim.ContainerdStore, claim.Dive},
	},
	{
		ID:     "images/dive-0.13-overlay2",
		Text:   "dive v0.13.1 reads images of the overlay2 store and what `docker save` wrote of them, however small and however compressed their layers are",
		Source: diveContainerd,
		Needs:  []claim.Need{claim.Overlay2Store, claim.Dive},
	},
}, disk...)
