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

// Label writes a label into the image's configuration.
func Label(name, value string) Option { return flag("--label", name+"="+value) }

// Output exports the result as buildx describes under --output.
func Output(description string) Option { return flag("--output", description) }

// CacheOnly leaves the result in the builder's cache, without a warning, and
// without the unnamed image that the docker driver would make.
func CacheOnly() Option { return Output("type=cacheonly") }

// CacheTo exports the cache as buildx describes under --cache-to.
func CacheTo(description string) Option { return flag("--cache-to", description) }

// CacheFrom imports a cache as buildx describes under --cache-from.
func CacheFrom(description string) Option { return flag("--cache-from", description) }

// Context gives a name in the Dockerfile another source.
func Context(name, source string) Option { return flag("--build-context", name+"="+source) }

// NoCache builds every step afresh.
func NoCache() Option { return flag("--no-cache") }

// Pull asks the registry for base images even where the engine has them.
func Pull() Option { return flag("--pull") }

// Plain leaves attestations out, so that one platform gives one manifest.
func Plain() Option { return flag("--provenance=false") }

// Attested adds an attestation, so that even one platform gives an index.
func Attested() Option { return flag("--provenance=true") }

// Secret gives the build a file under an id that RUN --mount=type=secret asks
// for.
func Secret(id, path string) Option { return flag("--secret", "id="+id+",src="+path) }

// SSH forwards the agent behind a socket to RUN --mount=type=ssh.
func SSH(socket string) Option { return flag("--ssh", "default="+socket) }

// Syntax builds with this image as the frontend, whatever the Dockerfile says.
func Syntax(image string) Option { return Arg("BUILDKIT_SYNTAX", image) }
