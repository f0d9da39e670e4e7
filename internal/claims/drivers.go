package claims

import "builders.test/helpers/claim"

const (
	docsDrivers = "https://docs.docker.com/build/builders/drivers/"
	docsRemote  = "https://docs.docker.com/build/builders/drivers/remote/"
	docsEpoch   = "https://docs.docker.com/build/ci/github-actions/reproducible-builds/"
)

var drivers = []claim.Claim{
	{
		ID:     "drivers/remote-unix",
		Text:   "A remote builder at `unix://…` builds in the BuildKit that listens on the socket, and reports its version",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver, claim.LocalEngine},
	},
	{
		ID:     "drivers/remote-tcp",
		Text:   "A remote builder at `tcp://…` builds in the BuildKit that listens there, and reports its version",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver, claim.LocalEngine},
	},
	{
		ID:     "drivers/remote-tls",
		Text:   "A remote builder at `tcp://…` with `cacert`, `cert` and `key` builds in a BuildKit that asks for certificates, and reports its version",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver, claim.LocalEngine},
	},
	{
		ID:     "drivers/remote-tls-stranger",
		Text:   "A BuildKit that asks for certificates does nothing for a builder whose certificate is of an authority that it does not know",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver, claim.LocalEngine},
	},
	{
		ID:     "drivers/remote-tls-nobody",
		Text:   "A BuildKit that asks for certificates does nothing for a builder that shows none",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver, claim.LocalEngine},
	},
	{
		ID:     "drivers/remote-container",
		Text:   "A remote builder at `docker-container://…` builds in the BuildKit of that container, and reports its version",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver},
	},
	{
		ID:     "drivers/remote-versions",
		Text:   "Two remote builders that point at BuildKits of two versions report each the version of its own, and build there",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver},
	},
	{
		ID:     "drivers/remote-create",
		Text:   "`create` of a remote builder starts nothing: the builder is inactive while its BuildKit is down, and running as soon as that is up",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver},
	},
	{
		ID:     "drivers/remote-rm",
		Text:   "`stop` and `rm` of a remote builder leave its BuildKit running and the cache whole, which a new builder for the same endpoint finds",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver},
	},
	{
		ID:     "drivers/remote-shared",
		Text:   "Remote builders share the cache of the BuildKit that both point at, and have none in common where each points at its own",
		Source: docsRemote,
		Needs:  []claim.Need{claim.RemoteDriver},
	},
	{
		ID:     "drivers/image-store",
		Text:   "What the docker driver builds is an image of the engine without `--load`; what the other drivers build is not",
		Source: docsDrivers,
		Needs:  []claim.Need{claim.DockerDriver},
	},
	{
		ID:     "drivers/contexts",
		Text:   "Every docker context is a builder of the docker driver, of the context's name, with the BuildKit and the cache of the context's engine, and the current one in that context",
		Source: docsDocker,
		Needs:  []claim.Need{claim.DockerDriver},
	},
	{
		ID:      "drivers/same-result",
		Text:    "The same build gives the same layers and the same configuration on every driver",
		Source:  docsEpoch,
		Needs:   []claim.Need{claim.OwnBuildKit, claim.BuildKit(">=0.12")},
		History: "Releases before v0.12 write the names of the files' user and group into layers, where later ones write their numbers alone (moby/buildkit#3688): the layers of the two are never equal",
	},
	{
		ID:     "drivers/options",
		Text:   "`create` refuses an option that only another driver knows, and leaves no builder behind",
		Source: docsDrivers,
	},
}
