package sabotage

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/subject"
)

// All lists every sabotage.
func All() []Sabotage {
	return slices.Concat(flags(), exchanges(), additions(), builders(), commands(), words(), contexts(), configurations(), frontends(), worlds(), unsteadies())
}

// flags that buildx forgets.
func flags() []Sabotage {
	return []Sabotage{
		forgettingToLoad().kills("output/load", "output/load-and-push", "output/platforms-containerd", "output/emulated", "output/not-emulated", "processor/config", "processor/when-run", "caching/loaded-image",
			"cleanup/images", "buildkit/no-traces", "ffmpeg/version"),
		forgetting("--push").kills("output/push", "output/load-and-push", "output/default-builder-push", "processor/one-index", "images/registry", "shape/pushed"),
		forgetting("--no-cache").kills("caching/no-cache", "buildkit/cache-mount", "frontend/cache-mount-no-cache", "frontend/cache-mount-mode"),
		forgetting("--use").kills("builders/use"),
		forgetting("--keep-state").kills("cleanup/keep-state"),
		dropping("--platform").kills("processor/one-index", "output/local-platforms", "output/platforms-containerd", "output/platforms-overlay2", "output/not-emulated", "images/pulled-platform-containerd"),
		dropping("--target").kills("buildkit/unused-stage"),
		dropping("--output").kills("output/local", "output/tar", "output/oci", "output/docker-archive", "output/default-builder-archives", "images/dive-0.12-containerd", "images/dive-0.12-overlay2", "images/dive-0.13-containerd", "images/dive-0.13-overlay2"),
		dropping("--cache-from").kills("caching/registry", "caching/local"),
		dropping("--cache-to").kills("caching/registry", "caching/local", "caching/registry-strict"),
		dropping("--build-context").kills("images/docker-image", "images/oci-layout", "images/oci-layout-digest", "images/oci-layout-containerd", "buildkit/unused-context"),
		dropping("--secret").kills("frontend/secret", "frontend/secret-env"),
		dropping("--ssh").kills("frontend/ssh"),
		dropping("--set").kills("images/bake-target", "images/bake-nodes"),
		dropping("--provenance").kills("output/ids-containerd"),
	}
}

// exchanges are values that buildx exchanges or loses.
func exchanges() []Sabotage {
	return []Sabotage{
		replacing("swap-platforms", "builds for the other architecture", "--platform", "linux/amd64", "linux/arm64", "linux/arm64", "linux/amd64").
			kills("processor/config", "processor/when-run", "processor/while-building", "output/emulated", "ffmpeg/version", "ffmpeg/same-bytes"),
		replacing("no-rewrite-timestamp", "drops rewrite-timestamp from outputs", "--output", ",rewrite-timestamp=true", "").kills("shape/rewrite-timestamp"),
		replacing("load-what-is-cached", "loads results that should stay in the cache", "--output", "type=cacheonly", "type=docker").kills("output/cacheonly"),
		replacing("load-images", "loads images that should only be built", "--output", "type=image", "type=docker").kills("output/image"),
		replacing("index-cache", "writes the cache as an index where an image manifest was asked for", "--cache-to", "image-manifest=true", "image-manifest=false").kills("caching/registry-strict"),
		replacing("other-target", "builds the stage before the target", "--target", "PRODUCTION", "BUILDER").kills("ffmpeg/version", "ffmpeg/closure", "ffmpeg/show-architecture"),
		buildArgs("drop-build-args", "drops build arguments", func(name string) bool { return !reserved(name) }).
			kills("buildkit/late-change", "frontend/checksum-known", "ffmpeg/seccomp", "ffmpeg/nix-file", "ffmpeg/program-file", "ffmpeg/show-architecture"),
		buildArgs("drop-epoch", "drops SOURCE_DATE_EPOCH", func(name string) bool { return name == "SOURCE_DATE_EPOCH" }).kills("shape/reproducible", "shape/rewrite-timestamp", "drivers/same-result"),
	}
}

// additions are words that no one asked for.
func additions() []Sabotage {
	return []Sabotage{
		adding("no-cache-always", "adds --no-cache to every build", "build", "--no-cache").
			kills("caching/second-build", "caching/stop-start", "caching/local", "drivers/remote-shared", "drivers/remote-rm", "frontend/link", "frontend/secret-changed",
				"buildkit/unused-argument", "buildkit/common-step", "images/system-prune"),
		adding("keep-state-always", "adds --keep-state to every rm", "rm", "--keep-state").kills("cleanup/rm"),
		adding("bootstrap-always", "starts builders when they are created", "create", "--bootstrap").kills("builders/create-starts-nothing"),
		adding("all-platforms", "builds what is pushed for two platforms", "build", "--platform", "linux/amd64,linux/arm64").kills("shape/pushed"),
		adding("checks-fail", "turns every warning of a Dockerfile into an error", "build", "--build-arg", "BUILDKIT_DOCKERFILE_CHECK=error=true").kills("shape/warnings"),
		adding("pull-always", "adds --pull to every build", "build", "--pull").
			kills("images/pulled-containerd", "images/pulled-overlay2", "images/pulled-platform-containerd", "images/pulled-platform-overlay2", "images/pulled-offline"),
		arguments("load-always", "loads unrequested images", func(a Args) Args {
			if !a.Is("build") || a.Has("--output") || a.Has("--push") || a.Has("--load") {
				return a
			}
			return a.With("--load")
		}).kills("drivers/image-store", "output/none"),
		arguments("load-for-push", "loads instead of pushing", func(a Args) Args {
			if !a.Has("--push") {
				return a
			}
			return a.Without("--push").With("--load")
		}).kills("output/push", "images/registry"),
		arguments("push-for-load", "pushes instead of loading", func(a Args) Args {
			if !a.Has("--load") {
				return a
			}
			return a.Without("--load").With("--push")
		}).kills("output/load", "processor/config", "cleanup/images"),
		arguments("fresh-mounts", "gives each build its own cache mounts", func(a Args) Args {
			if !a.Is("build") {
				return a
			}
			return a.With("--build-arg", "BUILDKIT_CACHE_MOUNT_NS="+rand.Text())
		}).kills("frontend/cache-mount"),
	}
}

// The driver options that pin a builder to a release.
const (
	defaultImage = "image=moby/buildkit:" + subject.DefaultBuildKit
	newestImage  = "image=moby/buildkit:" + subject.NewestBuildKit
)

// builders that are made, or chosen, differently.
func builders() []Sabotage {
	return []Sabotage{
		replacing("other-image", "creates builders from a BuildKit other than the pinned one", "--driver-opt", newestImage, defaultImage, defaultImage, newestImage).
			kills("builders/pinned-image", "builders/side-by-side", "frontend/chmod-old-daemon"),
		arguments("pin-always", "pins unpinned builders", func(a Args) Args {
			pinned := slices.ContainsFunc(a, func(arg string) bool { return strings.HasPrefix(arg, "image=") })
			if !a.Is("create") || pinned || !slices.Contains(a, "docker-container") {
				return a
			}
			return a.With("--driver-opt", defaultImage)
		}).kills("builders/default-image", "builders/default-image-moves", "builders/default-image-offline"),
		driverOptions("drop-network", "drops the network mode of builders", "network=").kills("builders/network-host"),
		driverOptions("drop-default-load", "drops default-load", "default-load=").kills("output/default-load"),
		values("drop-certificate", "shows no certificate", "--driver-opt", func(value string) (string, bool) {
			before, _, _ := strings.Cut(value, ",cert=")
			return before, true
		}).kills("drivers/remote-tls"),
		arguments("drop-preferred", "drops the platforms that a node is created for", func(a Args) Args {
			if !a.Is("create") {
				return a
			}
			return a.Drop("--platform")
		}).kills("builders/platforms", "processor/two-nodes"),
		arguments("one-builder", "takes the default builder whichever is named", func(a Args) Args {
			if !a.Is("build", "du", "prune") {
				return a
			}
			return a.Map("--builder", func(string) (string, bool) { return "default", true }).named(os.Getenv("BUILDERS_RUN"))
		}).kills("caching/third-builder", "caching/third-builder-unpinned", "images/other-builders", "images/engine", "images/pulled-offline", "images/not-pulled", "images/du"),
		forgetful("forget-variable", "does not know BUILDX_BUILDER", "BUILDX_BUILDER").kills("builders/builder-variable"),
	}
}

// commands that do nothing, too much, or lie.
func commands() []Sabotage {
	return []Sabotage{
		ignoring("rm").kills("cleanup/rm", "cleanup/current", "cleanup/container-gone", "cleanup/all-inactive", "drivers/remote-rm"),
		ignoring("stop").kills("cleanup/stop"),
		ignoring("use").kills("builders/use"),
		ignoring("prune").kills("images/prune", "images/prune-type", "images/prune-engine", "images/prune-id", "images/prune-description", "images/prune-until", "images/prune-all",
			"images/prune-running", "images/prune-reserved-space", "images/prune-max-used-space", "images/prune-min-free-space"),
		arguments("prune-all", "prunes all, whatever was asked for", func(a Args) Args {
			if !a.Is("prune") {
				return a
			}
			return a.Drop("--filter", "--reserved-space", "--keep-storage", "--max-used-space", "--min-free-space").Without("--all").With("--all")
		}).kills("images/prune-type", "images/prune-id", "images/prune-description", "images/prune-until", "images/prune-all", "images/prune-reserved-space", "images/prune-max-used-space", "images/prune-min-free-space"),
		lying("lie", "reports success of builds that failed", building...).
			kills("output/failed-push", "output/failed-push-platforms", "output/failed-push-nodes", "output/default-builder-overlay2", "output/platforms-overlay2", "frontend/checksum",
				"frontend/unknown-image", "buildkit/failure-cancels", "images/oci-layout-overlay2", "images/bake-nodes", "drivers/remote-tls-stranger", "drivers/remote-tls-nobody"),
		lying("lie-at-create", "reports success of a create that failed", "create").kills("builders/name-taken", "builders/engine-fixed", "drivers/options"),
		lying("lie-at-clean-up", "reports success of a du, a prune or an rm that failed", "du", "prune", "rm").kills("images/prune-stopped", "images/prune-old-buildkit", "cleanup/default"),
	}
}

// words of buildx that are wrong or missing.
func words() []Sabotage {
	return []Sabotage{
		swallowing("eat-warnings", "does not pass on warnings", "WARNING").kills("output/none"),
		swallowing("eat-reasons", "does not report why a registry refused a push", "refused by the spec").kills("output/failed-push-reason"),
		saying("version-lies", "tells the docker command that it is of another version", "version", func(line string) string {
			if os.Getenv(byDocker) == "" {
				return line // the claim compares with what the plugin says when it is started itself
			}
			return strings.ReplaceAll(line, " v0.", " v9.")
		}).kills("builders/version"),
		saying("nothing-current", "shows no builder as the current one", "ls", func(line string) string { return strings.ReplaceAll(line, `"Current":true`, `"Current":false`) }).
			kills("builders/ls", "builders/use", "cleanup/current"),
		saying("ls-lies", "lists BuildKits with wrong versions", "ls", func(line string) string { return strings.ReplaceAll(line, `"Version":"v0.`, `"Version":"v9.`) }).
			kills("builders/engine-buildkit", "drivers/contexts"),
		saying("du-all-reclaimable", "calls everything reclaimable in `du --format json`", "du", func(line string) string { return strings.ReplaceAll(line, `"Reclaimable":false`, `"Reclaimable":true`) }).
			kills("images/du-json"),
		saying("du-sizes", "prints sizes in `du --format json` that are a thousand times too small", "du", func(line string) string { return strings.ReplaceAll(line, `MB","Type"`, `kB","Type"`) }).
			kills("images/du-json"),
		saying("du-hides", "leaves out of `du --format json` what is in use", "du", func(line string) string {
			if strings.Contains(line, `"Reclaimable":false`) {
				return ""
			}
			return line
		}).kills("images/du-json"),
		saying("du-twice", "prints what is in use twice in `du --format json`", "du", func(line string) string {
			if strings.Contains(line, `"Reclaimable":false`) {
				return line + line
			}
			return line
		}).kills("images/du-json"),
		saying("inspect-platforms", "shows other platforms in `inspect` than there are", "inspect", func(line string) string { return strings.ReplaceAll(line, "linux/386", "linux/s390x") }).kills("shape/daemon"),
		saying("inspect-version", "shows another version in `inspect` than the BuildKit's", "inspect", func(line string) string {
			if !strings.HasPrefix(strings.ToLower(line), "buildkit") {
				return line
			}
			return strings.Replace(line, "v0.", "v9.", 1)
		}).kills("builders/pinned-image", "drivers/remote-unix", "drivers/remote-tcp", "drivers/remote-tls", "drivers/remote-container", "drivers/remote-versions"),
		saying("inspect-running", "calls every builder running in `inspect`", "inspect", func(line string) string {
			return strings.NewReplacer("inactive", "running", "stopped", "running").Replace(line)
		}).kills("drivers/remote-create", "drivers/remote-tls-stranger", "drivers/remote-tls-nobody", "cleanup/stop"),
		{
			Name: "id-lies", Does: "writes another image's id down",
			Plugin: Plugin{After: func(a Args) error {
				for _, file := range a.Values("--iidfile") {
					if err := os.WriteFile(file, []byte("sha256:"+strings.Repeat("0", 64)), 0o600); err != nil {
						return err
					}
				}
				return nil
			}},
			Kills: []string{"output/ids-containerd", "output/ids-overlay2", "output/default-builder"},
		},
	}
}

// contexts that are not what was in the folder.
func contexts() []Sabotage {
	return []Sabotage{
		{
			Name: "new-context", Does: "builds a copy of the folder that BuildKit does not know",
			Plugin: Plugin{Context: func(string) error { return nil }},
			Kills:  []string{"buildkit/nothing-changed", "buildkit/one-changed"},
		},
		{
			Name: "forget-ignore", Does: "does not see .dockerignore",
			Plugin: Plugin{Context: func(folder string) error {
				files, err := filepath.Glob(filepath.Join(folder, "*.dockerignore"))
				for _, file := range files {
					if err := os.Remove(file); err != nil {
						return err
					}
				}
				return err
			}},
			Kills: []string{"buildkit/dockerignore", "buildkit/dockerignore-of-its-own"},
		},
	}
}

// configurations of BuildKit that differ from what was asked for.
func configurations() []Sabotage {
	return []Sabotage{
		configured("one-at-a-time", "lets BuildKit execute one step at a time", func(c Config) { c.worker()["max-parallelism"] = 1 }).kills("buildkit/parallel", "buildkit/max-parallelism"),
		configured("any-number", "drops max-parallelism", func(c Config) { delete(c.worker(), "max-parallelism") }).kills("buildkit/max-parallelism"),
		configured("gc-off", "keeps BuildKit from pruning", func(c Config) {
			delete(c.worker(), "gcpolicy")
			c.worker()["gc"] = false
		}).kills("buildkit/gc-by-itself", "buildkit/gc-mounts-first", "buildkit/gc-least-used", "buildkit/gc-recent", "buildkit/gc-reserved-space", "buildkit/gc-after-build"),
		configured("gc-for-all", "lets BuildKit prune everything by one rule", func(c Config) {
			if c.worker()["gc"] != false {
				c.worker()["gcpolicy"] = []any{map[string]any{"all": true, "keepBytes": 1, "maxUsedSpace": 1}}
			}
		}).kills("buildkit/gc-own-policy", "buildkit/gc-mounts-first", "buildkit/gc-least-used", "buildkit/gc-recent"),
	}
}

// frontends are syntax images that no one asked for.
func frontends() []Sabotage {
	syntax := func(image string) func(Args) Args {
		return func(a Args) Args {
			if !a.Is("build") {
				return a
			}
			kept := a.Map("--build-arg", func(value string) (string, bool) {
				return value, !strings.HasPrefix(value, "BUILDKIT_SYNTAX=")
			})
			return kept.With("--build-arg", "BUILDKIT_SYNTAX="+image)
		}
	}
	return []Sabotage{
		buildArgs("drop-syntax", "drops BUILDKIT_SYNTAX, the requested frontend", func(name string) bool { return name == "BUILDKIT_SYNTAX" }).
			kills("frontend/build-arg", "frontend/unknown-image", "frontend/tag-moves", "frontend/heredoc"),
		arguments("newest-frontend", "always builds with the newest frontend", syntax("docker/dockerfile:1")).
			kills("frontend/syntax", "frontend/built-in", "frontend/build-arg", "frontend/tag-moves", "frontend/unknown-image", "frontend/exclude", "frontend/parents", "frontend/checksum", "frontend/secret-env"),
		arguments("old-frontend", "always builds with an old frontend", syntax("docker/dockerfile:1.4")).
			kills("frontend/syntax", "frontend/built-in", "frontend/chmod", "frontend/exclude", "frontend/parents", "frontend/heredoc"),
	}
}

// reserved build arguments steer BuildKit itself.
func reserved(name string) bool { return strings.HasPrefix(name, "BUILDKIT_") }
