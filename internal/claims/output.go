package claims

import "builders.test/helpers/claim"

const (
	docsExporters  = "https://docs.docker.com/build/exporters/"
	docsImage      = "https://docs.docker.com/build/exporters/image-registry/"
	docsOCI        = "https://docs.docker.com/build/exporters/oci-docker/"
	docsLocalTar   = "https://docs.docker.com/build/exporters/local-tar/"
	docsStore      = "https://docs.docker.com/engine/storage/containerd/"
	partialPush    = "https://github.com/docker/buildx/pull/4058"
	emulation      = "https://github.com/moby/buildkit/blob/master/docs/multi-platform.md"
	imageDigestIDs = "https://github.com/moby/moby/issues/45458"
)

var output = []claim.Claim{
	{
		ID:     "output/none",
		Text:   "Without an output a build succeeds, warns, and leaves no image in the engine but only cache, from which the second build is answered",
		Source: docsBuild,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "output/load",
		Text:   "`--load` puts the image into the engine, where it runs",
		Source: docsBuild,
	},
	{
		ID:     "output/push",
		Text:   "`--push` puts the image into the registry, under the digest that the metadata file names, and not into the engine",
		Source: docsBuild,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:      "output/load-and-push",
		Text:    "`--load --push` puts the image into the engine and into the registry",
		Source:  docsExporters,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.13")},
		History: "BuildKit before v0.13 has one output only; buildx refuses the build and says so",
	},
	{
		ID:     "output/default-builder",
		Text:   "The default builder's results are images of the engine without `--load`, with and without a name, and `--load` changes nothing",
		Source: docsDocker,
		Needs:  []claim.Need{claim.DockerDriver},
	},
	{
		ID:     "output/default-builder-push",
		Text:   "With `--push` the default builder's image is in the registry and in the engine",
		Source: docsDocker,
		Needs:  []claim.Need{claim.DockerDriver},
	},
	{
		ID:     "output/default-load",
		Text:   "A builder created with `default-load=true` loads without being asked, and does not warn",
		Source: docsContainer,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "output/cacheonly",
		Text:   "`type=cacheonly` leaves no image with any driver, and does not warn",
		Source: docsExporters,
	},
	{
		ID:     "output/image",
		Text:   "`type=image` without a push leaves nothing in the engine either, and does not warn",
		Source: docsImage,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "output/local",
		Text:   "`type=local` writes the result's files, and nothing else, into a folder",
		Source: docsLocalTar,
	},
	{
		ID:     "output/local-platforms",
		Text:   "`type=local` of several platforms writes each into a folder of its own, named `linux_amd64` and the like",
		Source: docsLocalTar,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "output/tar",
		Text:   "`type=tar` writes the same files into one archive",
		Source: docsLocalTar,
	},
	{
		ID:     "output/oci",
		Text:   "`type=oci` writes an OCI image layout, as an archive or with `tar=false` as a folder, that holds the image which the metadata file names",
		Source: docsOCI,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "output/docker-archive",
		Text:   "`type=docker,dest=` writes an archive and loads nothing; `docker load` takes it, and the image runs",
		Source: docsOCI,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "output/default-builder-archives",
		Text:   "On the containerd store the default builder writes OCI layouts and docker archives as other builders do",
		Source: docsStore,
		Needs:  []claim.Need{claim.DockerDriver, claim.ContainerdStore},
	},
	{
		ID:     "output/default-builder-overlay2",
		Text:   "On the overlay2 store the default builder refuses OCI and docker archives, several platforms and attestations, and names the containerd store as the way out",
		Source: docsStore,
		Needs:  []claim.Need{claim.DockerDriver, claim.Overlay2Store},
	},
	{
		ID:     "output/platforms-containerd",
		Text:   "On the containerd store `--load` of several platforms keeps them all, and each runs as itself",
		Source: docsStore,
		Needs:  append(bothArchitectures, claim.ContainerdStore),
	},
	{
		ID:     "output/platforms-overlay2",
		Text:   "On the overlay2 store `--load` of several platforms is refused, says why, and leaves nothing",
		Source: docsStore,
		Needs:  []claim.Need{claim.Overlay2Store},
	},
	{
		ID:      "output/ids-containerd",
		Text:    "On the containerd store the id file and the metadata file name the engine's image, with every driver: its manifest, or with provenance its index",
		Source:  imageDigestIDs,
		Needs:   []claim.Need{claim.ContainerdStore},
		History: "buildx before v0.36 writes the configuration's digest, which the engine does not know, for the docker driver without provenance (docker/buildx#3952); v0.23 does so for the docker-container driver as well (docker/buildx#3136)",
	},
	{
		ID:     "output/ids-overlay2",
		Text:   "On the overlay2 store the id file names the engine's image, with every driver: its configuration",
		Source: imageDigestIDs,
		Needs:  []claim.Need{claim.Overlay2Store},
	},
	{
		ID:     "output/failed-push",
		Text:   "A push that the registry refuses half-way fails the build and leaves the tag as it was",
		Source: docsBuild,
		Needs:  []claim.Need{claim.LocalEngine},
	},
	{
		ID:      "output/failed-push-reason",
		Text:    "A build whose push the registry refuses says the reason that the registry gave",
		Source:  docsBuild,
		Needs:   []claim.Need{claim.LocalEngine, claim.BuildKit(">=0.22")},
		History: "BuildKit before v0.22 says the status only, such as 403 Forbidden",
	},
	{
		ID:     "output/failed-push-platforms",
		Text:   "When the registry refuses the second of two platforms, the tag stays as it was",
		Source: docsPlatforms,
		Needs:  []claim.Need{claim.OwnBuildKit, claim.LocalEngine},
	},
	{
		ID:      "output/failed-push-nodes",
		Text:    "When one of a builder's two nodes fails after the other one has pushed, the tag stays as it was",
		Source:  partialPush,
		Needs:   []claim.Need{claim.ContainerDriver, claim.LocalEngine},
		History: "buildx v0.37.0 moves the tag to the one platform that was pushed; fixed in v0.37.1",
		Known:   &claim.Known{Component: "buildx", Range: "=0.37.0", Broken: "v0.37.0", Fixed: []string{"v0.37.1"}},
	},
	{
		ID:     "output/emulated",
		Text:   "A loaded arm64 image runs on an engine of another architecture that emulates arm64",
		Source: docsPlatforms,
		Needs:  []claim.Need{claim.EmulatedARM64},
	},
	{
		ID:     "output/not-emulated",
		Text:   "The image of a platform that the engine's host can neither execute nor emulate loads, and running it says `exec format error`",
		Source: emulation,
	},
}
