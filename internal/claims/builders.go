package claims

import "builders.test/helpers/claim"

var builders = []claim.Claim{
	{
		ID:     "builders/version",
		Text:   "`docker buildx version` is the version of the plugin under test",
		Source: docsVersion,
	},
	{
		ID:     "builders/ls",
		Text:   "`ls` lists each created builder with its driver and node, and marks the current one",
		Source: docsLs,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "builders/create-starts-nothing",
		Text:   "`create` alone starts no container; `inspect --bootstrap` or the first build does",
		Source: docsCreate,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:     "builders/use",
		Text:   "`create --use` and `use` make a builder current in its own configuration and in no other",
		Source: docsUse,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "builders/builder-variable",
		Text:   "BUILDX_BUILDER chooses another builder than the current one and does not change the stored choice",
		Source: docsVariables,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "builders/name-taken",
		Text:   "`create` refuses a name that a builder already has and leaves that builder as it was",
		Source: docsCreate,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "builders/pinned-image",
		Text:   "The container `buildx_buildkit_<name>0` runs from the pinned image, and its buildkitd is of exactly that version",
		Source: docsContainer,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:     "builders/network-host",
		Text:   "`--driver-opt network=host` is the network mode of the builder's container, which otherwise has another",
		Source: docsContainer,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:     "builders/arch",
		Text:   "`/bin/arch` in the container of the amd64 and of the arm64 builder prints the architecture of the engine's host",
		Source: docsPlatforms,
		Needs:  []claim.Need{claim.ContainerDriver, claim.AMD64, claim.ARM64},
	},
	{
		ID:     "builders/platforms",
		Text:   "`create --platform` marks platforms as preferred and leaves the detected ones as they are",
		Source: docsCreate,
		Needs:  []claim.Need{claim.OwnBuildKit, claim.ARM64},
	},
	{
		ID:     "builders/side-by-side",
		Text:   "Two builders pinned to two BuildKit versions work side by side and share nothing",
		Source: docsBuilders,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "builders/default-image",
		Text:   "A builder created without an image runs what `moby/buildkit:buildx-stable-1` names at that moment",
		Source: docsBuildKitHub,
		Needs:  []claim.Need{claim.ContainerDriver},
	},
	{
		ID:     "builders/default-image-moves",
		Text:   "When `buildx-stable-1` moves, a new builder gets the new BuildKit and a builder that exists keeps the old one",
		Source: docsContainer,
		Needs:  []claim.Need{claim.ContainerDriver, claim.Mirror},
	},
	{
		ID:     "builders/default-image-offline",
		Text:   "When the pull of `buildx-stable-1` fails, the engine's local copy is used",
		Source: docsContainer,
		Needs:  []claim.Need{claim.ContainerDriver, claim.Mirror},
	},
	{
		ID:     "builders/engine-buildkit",
		Text:   "The default builder's BuildKit is the engine's own, of the version that the engine was built with",
		Source: docsDocker,
		Needs:  []claim.Need{claim.DockerDriver, claim.EngineProgram},
	},
	{
		ID:     "builders/engine-fixed",
		Text:   "The default builder's BuildKit cannot be chosen, and no second builder with the docker driver can be created",
		Source: docsDocker,
		Needs:  []claim.Need{claim.DockerDriver},
	},
}
