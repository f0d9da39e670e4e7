// Package claims is the book: every claim as data, one file per chapter.
package claims

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"builders.test/helpers/claim"
)

// Chapters lists the chapters in reading order.
func Chapters() []string {
	return []string{"builders", "drivers", "processor", "ffmpeg", "caching", "output", "buildkit", "frontend", "images", "shape", "cleanup"}
}

// Regressions is the chapter of faults that releases of the past had. Its
// claims are scripts, in RegressionsFolder below the project's folder.
const (
	Regressions       = "regressions"
	RegressionsFolder = "fixtures/regressions"
)

// All lists every claim in reading order.
func All() []claim.Claim {
	return slices.Concat(builders, drivers, processor, ffmpeg, caching, output, buildkit, frontend, images, shape, cleanup)
}

// Find returns the claim with the id, and whether there is one.
func Find(id string) (claim.Claim, bool) {
	all := All()
	i := slices.IndexFunc(all, func(c claim.Claim) bool { return c.ID == id })
	if i < 0 {
		return claim.Claim{}, false
	}
	return all[i], true
}

// Edition identifies a set of claims by what they say: it changes when a claim
// comes, goes, or says something else. Where the editions of scripts are given, it
// changes with their content, too.
func Edition(book []claim.Claim, scripts ...string) string {
	hash := sha256.New()
	for _, c := range book {
		fmt.Fprintf(hash, "%s\n%s\n%s\n", c.ID, c.Text, strings.Join(c.Words(), " "))
	}
	for _, edition := range scripts {
		fmt.Fprintln(hash, edition)
	}
	return hex.EncodeToString(hash.Sum(nil))[:12]
}

// Where the claims come from.
const (
	docsBuilders    = "https://docs.docker.com/build/builders/"
	docsCreate      = "https://docs.docker.com/reference/cli/docker/buildx/create/"
	docsLs          = "https://docs.docker.com/reference/cli/docker/buildx/ls/"
	docsUse         = "https://docs.docker.com/reference/cli/docker/buildx/use/"
	docsRm          = "https://docs.docker.com/reference/cli/docker/buildx/rm/"
	docsStop        = "https://docs.docker.com/reference/cli/docker/buildx/stop/"
	docsInspect     = "https://docs.docker.com/reference/cli/docker/buildx/inspect/"
	docsVersion     = "https://docs.docker.com/reference/cli/docker/buildx/version/"
	docsBuild       = "https://docs.docker.com/reference/cli/docker/buildx/build/"
	docsContainer   = "https://docs.docker.com/build/builders/drivers/docker-container/"
	docsContainerd  = "https://docs.docker.com/engine/storage/containerd/"
	docsDocker      = "https://docs.docker.com/build/builders/drivers/docker/"
	docsVariables   = "https://docs.docker.com/build/building/variables/"
	docsPlatforms   = "https://docs.docker.com/build/building/multi-platform/"
	docsCache       = "https://docs.docker.com/build/cache/"
	docsBackends    = "https://docs.docker.com/build/cache/backends/"
	docsRegistry    = "https://docs.docker.com/build/cache/backends/registry/"
	docsLocal       = "https://docs.docker.com/build/cache/backends/local/"
	docsBuildKitHub = "https://hub.docker.com/r/moby/buildkit"
)
