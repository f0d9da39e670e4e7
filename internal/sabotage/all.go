package sabotage

import "strings"

// swapped exchanges the two architectures that the specs build for.
var swapped = strings.NewReplacer("linux/amd64", "linux/arm64", "linux/arm64", "linux/amd64")

// All lists every sabotage.
func All() []Sabotage {
	return []Sabotage{
		forgetting("--load"),
		forgetting("--push"),
		forgetting("--no-cache"),
		forgetting("--use"),
		forgetting("--keep-state"),
		dropping("--platform"),
		dropping("--target"),
		dropping("--output"),
		dropping("--cache-from"),
		dropping("--cache-to"),
		dropping("--build-context"),
		dropping("--secret"),
		replacing("swap-platforms", "builds for the other architecture", "--platform", swapped),
		replacing("no-rewrite-timestamp", "drops rewrite-timestamp from outputs", "--output", strings.NewReplacer(",rewrite-timestamp=true", "")),
		replacing("other-image", "creates builders from another BuildKit than the one pinned", "--driver-opt",
			strings.NewReplacer("image=moby/buildkit:v0.34.2", "image=moby/buildkit:v0.11.5", "image=moby/buildkit:v0.11.5", "image=moby/buildkit:v0.34.2")),
		adding("no-cache-always", "adds --no-cache to every build", "build", []string{"--no-cache"}),
		adding("keep-state-always", "adds --keep-state to every rm", "rm", []string{"--keep-state"}),
		adding("all-platforms", "builds what is pushed for two platforms", "build", []string{"--platform", "linux/amd64,linux/arm64"}),
		adding("checks-fail", "makes every warning of a Dockerfile an error", "build", []string{"--build-arg", "BUILDKIT_DOCKERFILE_CHECK=error=true"}),
		buildArg("drop-build-args", "drops build arguments", func(name string) bool { return !reserved(name) }),
		buildArg("drop-epoch", "drops SOURCE_DATE_EPOCH", func(name string) bool { return name == "SOURCE_DATE_EPOCH" }),
		buildArg("drop-syntax", "drops BUILDKIT_SYNTAX, the frontend that was asked for", func(name string) bool { return name == "BUILDKIT_SYNTAX" }),
		{
			Name: "load-for-push", Does: "loads instead of pushing",
			Args: func(a Args) Args {
				if !a.Has("--push") {
					return a
				}
				return a.Without("--push").With("--load")
			},
		},
		ignoring("rm"),
		ignoring("stop"),
		ignoring("use"),
		ignoring("prune"),
		{
			Name: "eat-warnings", Does: "does not pass on warnings",
			Swallows: func(line string) bool { return strings.Contains(line, "WARNING") },
		},
		{
			Name: "lie", Does: "reports success of builds that failed",
			Lies: func(a Args) bool { return a.Is(building...) },
		},
		{
			Name: "inspect-lies", Does: "shows other platforms in `inspect` than there are",
			Replaces: func(a Args, line string) string {
				if !a.Is("inspect") {
					return line
				}
				return strings.ReplaceAll(line, "linux/386", "linux/s390x")
			},
		},
	}
}

// reserved build arguments steer BuildKit itself.
func reserved(name string) bool { return strings.HasPrefix(name, "BUILDKIT_") }
