package claims

import "builders.test/helpers/claim"

const (
	docsBuildKit     = "https://docs.docker.com/build/buildkit/"
	docsContext      = "https://docs.docker.com/build/concepts/context/"
	docsBuildKitTOML = "https://docs.docker.com/build/buildkit/toml-configuration/"
	docsInvalidation = "https://docs.docker.com/build/cache/invalidation/"
)

// buildkit has six of the reasons; gc is the seventh.
var buildkit = append([]claim.Claim{
	{
		ID:     "buildkit/unused-stage",
		Text:   "A stage that the wanted one does not need is not executed",
		Source: docsBuildKit,
	},
	{
		ID:     "buildkit/unused-image",
		Text:   "A base image that only unneeded stages use is not even looked up",
		Source: docsBuildKit,
	},
	{
		ID:      "buildkit/unused-folder",
		Text:    "The files of a `--build-context` folder that only unneeded stages use are not sent",
		Source:  docsBuildKit,
		History: "Releases before v0.20 look into such a folder for a `.dockerignore`, and send nothing else of it",
	},
	{
		ID:      "buildkit/unused-context",
		Text:    "An image given by `--build-context` that only unneeded stages use is not looked up",
		Source:  "https://github.com/docker/buildx/issues/2939",
		Needs:   []claim.Need{claim.BuildKit(">=0.20")},
		History: "Releases before v0.20 look such an image up and fail without it (moby/buildkit#5688)",
	},
	{
		ID:     "buildkit/parallel",
		Text:   "Stages that do not need each other run at the same time",
		Source: docsBuildKit,
	},
	{
		ID:     "buildkit/max-parallelism",
		Text:   "With `max-parallelism = 1` in buildkitd.toml they run one after the other",
		Source: docsBuildKitTOML,
		Needs:  []claim.Need{claim.OwnBuildKit},
	},
	{
		ID:     "buildkit/failure-cancels",
		Text:   "When one stage fails, those that still run are cancelled",
		Source: docsBuildKit,
	},
	{
		ID:     "buildkit/common-step",
		Text:   "A step that two builds have in common is executed once for both, even if neither has finished",
		Source: docsBuildKit,
	},
	{
		ID:     "buildkit/nothing-changed",
		Text:   "When no file changed, the second build sends the files' names and times and none of their content",
		Source: docsBuildKit,
	},
	{
		ID:     "buildkit/one-changed",
		Text:   "When one file among a thousand changed, the second build sends the content of that file only",
		Source: docsBuildKit,
	},
	{
		ID:     "buildkit/only-touched",
		Text:   "A file with a new time and the old content is sent again, whole, and COPY is answered from the cache all the same",
		Source: docsInvalidation,
	},
	{
		ID:     "buildkit/unused-files",
		Text:   "Files that no COPY asks for are not sent",
		Source: docsBuildKit,
	},
	{
		ID:     "buildkit/dockerignore",
		Text:   "What `.dockerignore` names is neither sent nor copied, and `!` takes files out of its rules",
		Source: docsContext,
	},
	{
		ID:     "buildkit/dockerignore-of-its-own",
		Text:   "`<Dockerfile>.dockerignore` beside a Dockerfile takes the place of `.dockerignore`",
		Source: docsContext,
	},
	{
		ID:     "buildkit/late-change",
		Text:   "A changed build argument executes the steps after its ARG again and none before it",
		Source: docsInvalidation,
	},
	{
		ID:     "buildkit/unused-argument",
		Text:   "A build argument that no step can see leaves the cache valid",
		Source: docsInvalidation,
	},
	{
		ID:     "buildkit/cache-mount",
		Text:   "A cache mount keeps its files from build to build, and `--no-cache` begins with an empty one",
		Source: "https://github.com/moby/buildkit/issues/4250",
	},
	{
		ID:     "buildkit/no-traces",
		Text:   "During a build and after it, whether it succeeds or fails, the engine has no container, volume or unnamed image of it",
		Source: docsBuildKit,
	},
}, gc...)
