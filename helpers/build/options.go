package build

import (
	"slices"
	"strings"

	"builders.test/helpers/spec"
)

// Option is a part of a build's command line.
type Option struct{ words []string }

func flag(words ...string) Option { return Option{words} }

// Flags are flags as a person types them.
func Flags(words ...string) Option { return flag(words...) }

// All combines several options into one.
func All(options ...Option) Option { return flag(Words(options...)...) }

// Words returns the options as the words of a command line, for commands other than
// buildx.
func Words(options ...Option) []string {
	var all []string
	for _, option := range options {
		all = append(all, option.words...)
	}
	return slices.Clip(all)
}

// Platform builds for these platforms.
func Platform(platforms ...string) Option {
	return flag("--platform", strings.Join(platforms, ","))
}

// Target builds only as far as this stage.
func Target(stage string) Option { return flag("--target", stage) }

// Arg sets a build argument.
func Arg(name, value string) Option { return flag("--build-arg", name+"="+value) }

// Salt keeps a claim's builds out of the caches of other claims, tries and runs:
// their Dockerfile declares the argument SALT before the steps in question. Builds
// that are given the same words share their cache.
func Salt(t *spec.T, words ...string) Option {
	return Arg("SALT", t.Salt()+strings.Join(words, ""))
}

// FreshSalt is a salt that no other build has. It also gives the build its own
// cache mounts.
func FreshSalt(t *spec.T) Option { return SaltWith(t.Env.Name("salt")) }

// SaltWith is [FreshSalt] with a value of the spec's choice, which must be unique.
func SaltWith(value string) Option {
	return All(Arg("SALT", value), Arg("BUILDKIT_CACHE_MOUNT_NS", value))
}

// File names the Dockerfile.
func File(path string) Option { return flag("--file", path) }

// Tag names the result without saying where it goes.
func Tag(image string) Option { return flag("--tag", image) }

// Load loads the result into the engine under this name.
func Load(image string) Option { return flag("--load", "--tag", image) }

// Push pushes the result to the registry in its name.
func Push(image string) Option { return flag("--push", "--tag", image) }

// Label writes a label into the image's configuration.
func Label(name, value string) Option { return flag("--label", name+"="+value) }

// Output exports the result as buildx describes under --output.
func Output(description string) Option { return flag("--output", description) }

// Local writes the files of the result into a folder.
func Local(dir string) Option { return Output("type=local,dest=" + dir) }

// CacheOnly leaves the result in the builder's cache, without a warning, and
// without the unnamed image that the docker driver would otherwise make.
func CacheOnly() Option { return Output("type=cacheonly") }

// CacheTo exports the cache as buildx describes under --cache-to.
func CacheTo(description string) Option { return flag("--cache-to", description) }

// CacheFrom imports a cache as buildx describes under --cache-from.
func CacheFrom(description string) Option { return flag("--cache-from", description) }

// Context gives a name in the Dockerfile another source.
func Context(name, source string) Option { return flag("--build-context", name+"="+source) }

// NoCache builds every step without the cache.
func NoCache() Option { return flag("--no-cache") }

// NoCacheFilter builds the steps of these stages without the cache.
func NoCacheFilter(stages ...string) Option {
	return flag("--no-cache-filter", strings.Join(stages, ","))
}

// Pull asks the registry for base images even if the engine has them.
func Pull() Option { return flag("--pull") }

// NoProvenance leaves attestations out, so that one platform gives one manifest.
func NoProvenance() Option { return flag("--provenance=false") }

// Provenance adds an attestation, so that even one platform gives an index.
func Provenance() Option { return flag("--provenance=true") }

// Secret gives the build a file under an id that RUN --mount=type=secret asks
// for.
func Secret(id, path string) Option { return flag("--secret", "id="+id+",src="+path) }

// SSH forwards the agent behind a socket to RUN --mount=type=ssh.
func SSH(socket string) Option { return flag("--ssh", "default="+socket) }

// Syntax builds with this image as the frontend, whatever the Dockerfile says.
func Syntax(image string) Option { return Arg("BUILDKIT_SYNTAX", image) }
