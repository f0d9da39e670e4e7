package build

// Option is a few words of a build's command line.
type Option []string

func flag(words ...string) Option { return words }

// Platform builds for these platforms, separated by commas.
func Platform(platforms string) Option { return flag("--platform", platforms) }

// Target builds only as far as this stage.
func Target(stage string) Option { return flag("--target", stage) }

// Arg sets a build argument.
func Arg(name, value string) Option { return flag("--build-arg", name+"="+value) }

// File names the Dockerfile.
func File(path string) Option { return flag("--file", path) }

// Tag names the result without saying where it goes.
func Tag(image string) Option { return flag("--tag", image) }

// Load loads the result into the engine under this name.
func Load(image string) Option { return flag("--load", "--tag", image) }

// Push pushes the result to the registry in its name.
func Push(image string) Option { return flag("--push", "--tag", image) }

// Output exports the result as buildx describes under --output.
func Output(description string) Option { return flag("--output", description) }

// CacheTo exports the cache as buildx describes under --cache-to.
func CacheTo(description string) Option { return flag("--cache-to", description) }

// CacheFrom imports a cache as buildx describes under --cache-from.
func CacheFrom(description string) Option { return flag("--cache-from", description) }

// Context gives a name in the Dockerfile another source.
func Context(name, source string) Option { return flag("--build-context", name+"="+source) }

// NoCache builds every step afresh.
func NoCache() Option { return flag("--no-cache") }

// Plain leaves attestations out, so that one platform gives one manifest.
func Plain() Option { return flag("--provenance=false") }
