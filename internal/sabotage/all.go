package sabotage

import "strings"

// swapped exchanges the two architectures that the specs build for.
var swapped = strings.NewReplacer("linux/amd64", "linux/arm64", "linux/arm64", "linux/amd64")

// All lists every sabotage.
func All() []Sabotage {
	return []Sabotage{
		forgetting("--load", "output/load", "output/load-and-push", "output/platforms-containerd", "processor/config", "processor/when-run", "caching/loaded-image", "cleanup/images"),
		forgetting("--push", "output/push", "output/load-and-push", "output/default-builder-push", "processor/one-index", "images/registry", "shape/pushed"),
		forgetting("--no-cache", "caching/no-cache", "buildkit/cache-mount", "frontend/cache-mount-no-cache"),
		forgetting("--use", "builders/use"),
		forgetting("--keep-state", "cleanup/keep-state"),
		dropping("--platform", "processor/one-index", "output/local-platforms", "output/platforms-containerd", "output/platforms-overlay2"),
		dropping("--target", "buildkit/unused-stage"),
		dropping("--output", "output/local", "output/tar", "output/oci", "output/docker-archive"),
		dropping("--cache-from", "caching/registry", "caching/local"),
		dropping("--cache-to", "caching/registry", "caching/local"),
		dropping("--build-context", "images/docker-image", "images/oci-layout", "images/oci-layout-digest"),
		dropping("--secret", "frontend/secret", "frontend/secret-env"),
		replacing("swap-platforms", "builds for the other architecture", "--platform", swapped, "processor/config", "processor/when-run", "processor/while-building"),
		replacing("no-rewrite-timestamp", "drops rewrite-timestamp from outputs", "--output", strings.NewReplacer(",rewrite-timestamp=true", ""), "shape/rewrite-timestamp"),
		replacing("other-image", "creates builders from another BuildKit than the one pinned", "--driver-opt",
			strings.NewReplacer("image=moby/buildkit:v0.34.2", "image=moby/buildkit:v0.11.5", "image=moby/buildkit:v0.11.5", "image=moby/buildkit:v0.34.2"), "builders/pinned-image", "builders/side-by-side"),
		adding("no-cache-always", "adds --no-cache to every build", "build", []string{"--no-cache"}, "caching/second-build", "caching/stop-start", "caching/local"),
		adding("keep-state-always", "adds --keep-state to every rm", "rm", []string{"--keep-state"}, "cleanup/rm"),
		adding("all-platforms", "builds what is pushed for two platforms", "build", []string{"--platform", "linux/amd64,linux/arm64"}, "shape/pushed"),
		adding("checks-fail", "makes every warning of a Dockerfile an error", "build", []string{"--build-arg", "BUILDKIT_DOCKERFILE_CHECK=error=true"}, "shape/warnings"),
		buildArg("drop-build-args", "drops build arguments", func(name string) bool { return !reserved(name) }, "buildkit/late-change"),
		buildArg("drop-epoch", "drops SOURCE_DATE_EPOCH", func(name string) bool { return name == "SOURCE_DATE_EPOCH" }, "shape/reproducible", "shape/rewrite-timestamp"),
		buildArg("drop-syntax", "drops BUILDKIT_SYNTAX, the frontend that was asked for", func(name string) bool { return name == "BUILDKIT_SYNTAX" }, "frontend/build-arg"),
		{
			Name: "load-for-push", Does: "loads instead of pushing",
			Args: func(a Args) Args {
				if !a.Has("--push") {
					return a
				}
				return a.Without("--push").With("--load")
			},
			Kills: []string{"output/push", "images/registry"},
		},
		ignoring("rm", "cleanup/rm", "cleanup/current"),
		ignoring("stop", "cleanup/stop"),
		ignoring("use", "builders/use"),
		ignoring("prune", "images/prune", "images/prune-type"),
		{
			Name: "eat-warnings", Does: "does not pass on warnings",
			Swallows: func(line string) bool { return strings.Contains(line, "WARNING") },
			Kills:    []string{"output/none"},
		},
		{
			Name: "lie", Does: "reports success of builds that failed",
			Lies:  func(a Args) bool { return a.Is(building...) },
			Kills: []string{"output/failed-push", "frontend/checksum"},
		},
		{
			Name: "inspect-lies", Does: "shows other platforms in `inspect` than there are",
			Replaces: func(a Args, line string) string {
				if !a.Is("inspect") {
					return line
				}
				return strings.ReplaceAll(line, "linux/386", "linux/s390x")
			},
			Kills: []string{"shape/daemon"},
		},
	}
}

// reserved build arguments steer BuildKit itself.
func reserved(name string) bool { return strings.HasPrefix(name, "BUILDKIT_") }
