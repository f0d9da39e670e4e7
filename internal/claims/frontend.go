package claims

import "builders.test/helpers/claim"

const (
	docsFrontend   = "https://docs.docker.com/build/buildkit/frontend/"
	docsDockerfile = "https://docs.docker.com/reference/dockerfile/"
	docsSecrets    = "https://docs.docker.com/build/building/secrets/"
)

var frontend = []claim.Claim{
	{
		ID:      "frontend/syntax",
		Text:    "The line `# syntax=docker/dockerfile:…` decides what a Dockerfile may say, whichever BuildKit builds it",
		Source:  docsFrontend,
		History: "docker/dockerfile:1 (as of 1.28) builds on BuildKit v0.11.5, docker/dockerfile:1.4 on v0.34.2: neither refuses the other",
	},
	{
		ID:      "frontend/built-in",
		Text:    "Without a syntax line BuildKit looks up no frontend and knows what was known when it was released",
		Source:  docsFrontend,
		History: "`COPY --exclude`, with which this is proven, is in the built-in frontend since v0.25.0",
	},
	{
		ID:     "frontend/build-arg",
		Text:   "`--build-arg BUILDKIT_SYNTAX=` chooses the frontend, also against the Dockerfile's own line",
		Source: docsFrontend,
	},
	{
		ID:     "frontend/tag-moves",
		Text:   "When the tag of a frontend moves, the next build on the same builder uses the new one, unless the digest is named",
		Source: docsFrontend,
	},
	{
		ID:     "frontend/unknown-image",
		Text:   "A frontend that does not exist ends the build with one error that names it",
		Source: docsFrontend,
	},
	{
		ID:     "frontend/heredoc",
		Text:   "RUN and COPY take here-documents, filled in with build arguments unless quoted, with every release of docker/dockerfile from 1.4 on",
		Source: docsDockerfile + "#here-documents",
	},
	{
		ID:      "frontend/checksum",
		Text:    "`ADD --checksum` takes a download that has the checksum and fails the build for one that has not, before any later step; docker/dockerfile:1.5 and older refuse it",
		Source:  docsDockerfile + "#add---checksum",
		Needs:   []claim.Need{claim.LocalEngine},
		History: "Known since docker/dockerfile:1.6",
	},
	{
		ID:     "frontend/checksum-known",
		Text:   "A download whose checksum the builder already has is not downloaded again, whatever its address",
		Source: docsDockerfile + "#add---checksum",
		Needs:  []claim.Need{claim.LocalEngine},
	},
	{
		ID:      "frontend/secret-env",
		Text:    "`RUN --mount=type=secret,env=` gives a secret to a step as a variable; docker/dockerfile:1.7 and older refuse it",
		Source:  docsDockerfile + "#run---mounttypesecret",
		History: "Known since docker/dockerfile:1.10; the BuildKit may be older",
	},
	{
		ID:      "frontend/exclude",
		Text:    "`COPY --exclude` leaves out what matches; docker/dockerfile:1.7 and older refuse it",
		Source:  docsDockerfile + "#copy---exclude",
		History: "Known since docker/dockerfile:1.19, before that in the labs channel only",
	},
	{
		ID:      "frontend/parents",
		Text:    "`COPY --parents` keeps the folders of what it copies; docker/dockerfile:1.7 and older refuse it",
		Source:  docsDockerfile + "#copy---parents",
		History: "Known since docker/dockerfile:1.20, before that in the labs channel only",
	},
	{
		ID:      "frontend/chmod",
		Text:    "`COPY --chmod=u=rwx,g=rx,o=` sets the mode that it says",
		Source:  docsDockerfile + "#copy---chmod",
		Needs:   []claim.Need{claim.BuildKit(">=0.17")},
		History: "Known since docker/dockerfile:1.14; 1.9 and older take the words and ignore them (moby/buildkit#5322)",
	},
	{
		ID:      "frontend/chmod-old-daemon",
		Text:    "A frontend does not make up for the BuildKit below it: on v0.11.5 a mode in words becomes the mode 0 without a word",
		Source:  "https://github.com/moby/buildkit/pull/5380",
		Needs:   []claim.Need{claim.ContainerDriver},
		History: "BuildKit sets modes in words since v0.17.0",
	},
	{
		ID:     "frontend/link",
		Text:   "`COPY --link` is not done again when the base changes: the other base gets the same layer; without `--link` it is done again",
		Source: docsDockerfile + "#copy---link",
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "frontend/cache-mount",
		Text:   "What a step leaves in a cache mount is there for the next builds, also at another path under the same id, and neither in the image nor under another id",
		Source: docsDockerfile + "#run---mounttypecache",
	},
	{
		ID:     "frontend/cache-mount-no-cache",
		Text:   "`--no-cache` empties the cache mounts of the steps that it runs again",
		Source: "https://github.com/moby/buildkit/issues/4250",
	},
	{
		ID:      "frontend/cache-mount-mode",
		Text:    "`--no-cache` empties a cache mount that has a mode or an owner, too",
		Source:  "https://github.com/moby/buildkit/issues/5305",
		Needs:   []claim.Need{claim.BuildKit(">=0.16")},
		History: "Releases before v0.16.0 left it as it was",
	},
	{
		ID:     "frontend/secret",
		Text:   "A secret that a step was given is in no layer, config or attestation of the image and not in its history; a build argument and a copied and removed file are",
		Source: docsSecrets,
	},
	{
		ID:     "frontend/secret-changed",
		Text:   "A secret whose value changed does not run a cached step again",
		Source: docsSecrets,
	},
	{
		ID:     "frontend/ssh",
		Text:   "With `--ssh` a step that asks for it reaches the agent, without it there is none",
		Source: docsDockerfile + "#run---mounttypessh",
	},
	{
		ID:     "frontend/network-none",
		Text:   "`RUN --network=none` has the loopback interface and no route to anywhere, other steps have one",
		Source: docsDockerfile + "#run---network",
	},
}
