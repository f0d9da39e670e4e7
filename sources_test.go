//go:build integration

package builders

// Sources that several chapters cite.
const (
	docsBuilders    = "https://docs.docker.com/build/builders/"
	docsCreate      = "https://docs.docker.com/reference/cli/docker/buildx/create/"
	docsLs          = "https://docs.docker.com/reference/cli/docker/buildx/ls/"
	docsUse         = "https://docs.docker.com/reference/cli/docker/buildx/use/"
	docsRm          = "https://docs.docker.com/reference/cli/docker/buildx/rm/"
	docsStop        = "https://docs.docker.com/reference/cli/docker/buildx/stop/"
	docsVersion     = "https://docs.docker.com/reference/cli/docker/buildx/version/"
	docsBuild       = "https://docs.docker.com/reference/cli/docker/buildx/build/"
	docsContainer   = "https://docs.docker.com/build/builders/drivers/docker-container/"
	docsContainerd  = "https://docs.docker.com/engine/storage/containerd/"
	docsDocker      = "https://docs.docker.com/build/builders/drivers/docker/"
	docsVariables   = "https://docs.docker.com/build/building/variables/"
	docsPlatforms   = "https://docs.docker.com/build/building/multi-platform/"
	docsCache       = "https://docs.docker.com/build/cache/"
	docsRegistry    = "https://docs.docker.com/build/cache/backends/registry/"
	docsLocal       = "https://docs.docker.com/build/cache/backends/local/"
	docsBuildKitHub = "https://hub.docker.com/r/moby/buildkit"
)
