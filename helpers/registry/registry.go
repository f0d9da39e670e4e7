// Package registry gives specs their own registry, and lets them move tags of the
// mirror that stands in for Docker Hub.
package registry

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"builders.test/helpers/env"
	"builders.test/helpers/internal/poll"
	"builders.test/helpers/spec"
	"builders.test/helpers/upstream"
	"github.com/containerd/platforms"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	hostconfig "github.com/moby/moby/api/types/container"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/wait"
)

// Image is the registry that specs start, as Docker Hub names it.
const Image = "registry:3"

// Registry is a registry that runs for a spec and is removed with it.
type Registry struct {
	// Host is host:port on the loopback interface of the engine's host, which
	// builders with network=host share.
	Host string
	// folder is the first part of every path in it and carries the run's id.
	folder    string
	container *testcontainers.DockerContainer
}

// Checks is what a registry checks before it accepts an index.
type Checks string

const (
	// Lenient accepts an index whatever its entries are.
	Lenient Checks = "none"
	// Strict accepts an index only if it has every entry as a manifest, which is
	// distribution's default since v3.
	Strict Checks = "all"
)

// Start runs an empty registry until the spec ends.
func Start(t *spec.T, checks Checks) Registry {
	t.EnvironmentOK(t.Env.SaveTag(t.Context(), Image), "start a registry")
	r := Registry{Host: t.FreeAddress(), folder: env.Prefix + t.Env.Run}
	t.Fills(r.Host)
	container := t.Env.Name("registry")
	running, err := testcontainers.Run(t.Context(), Image,
		testcontainers.WithName(container),
		testcontainers.WithLabels(map[string]string{env.RunLabel: t.Env.Run}),
		testcontainers.WithEnv(map[string]string{
			"REGISTRY_HTTP_ADDR":                              r.Host,
			"REGISTRY_HTTP_DEBUG_ADDR":                        "",
			"OTEL_TRACES_EXPORTER":                            "none",
			"REGISTRY_HTTP_SECRET":                            t.Env.Run,
			"REGISTRY_LOG_LEVEL":                              "warn",
			"REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMS": string(checks),
		}),
		// The image declares a volume. Without a name it could not be recognized as the
		// run's if the run were killed.
		testcontainers.WithTmpfs(map[string]string{"/var/lib/registry": "rw"}),
		testcontainers.WithHostConfigModifier(func(host *hostconfig.HostConfig) { host.NetworkMode = "host" }),
		testcontainers.WithLogger(log.NewNoopLogger()),
		testcontainers.WithWaitStrategyAndDeadline(30*time.Second, wait.ForNop(func(ctx context.Context, _ wait.StrategyTarget) error {
			if err := r.forward(ctx, t, container); err != nil {
				return err
			}
			return r.answers(ctx)
		})),
	)
	testcontainers.CleanupContainer(t, running)
	t.EnvironmentOK(err, "start a registry")
	r.container = running
	return r
}

// answers waits until the registry serves its API.
func (r Registry) answers(ctx context.Context) error {
	err := poll.Until(ctx, pollInterval, func() (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.Host+"/v2/", nil)
		if err != nil {
			return false, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false, nil
		}
		return true, response.Body.Close()
	})
	if err != nil {
		return fmt.Errorf("the registry at %s does not answer: %w", r.Host, err)
	}
	return nil
}

// Stop ends the registry before the spec does; nothing that it held is available
// anymore.
func (r Registry) Stop(t *spec.T) {
	t.Judges(r.Host)
	t.EnvironmentOK(r.container.Terminate(t.Context()), "stop the registry")
}

// Ref returns the reference of an image in the registry. It carries the run's id,
// so that an image that an engine pulled can be recognized as the run's.
func (r Registry) Ref(repository string) string {
	return r.Host + "/" + r.folder + "/" + repository
}

// Digest returns the digest that the registry has for a reference, and whether it
// has any.
func Digest(t *spec.T, ref string) (v1.Hash, bool) {
	parsed := parse(t, ref)
	descriptor, err := remote.Head(parsed, remote.WithContext(t.Context()))
	if missing(t, parsed, err) {
		return v1.Hash{}, false
	}
	t.OK(err, "cannot read %s in the registry", ref)
	return descriptor.Digest, true
}

// MustDigest returns the digest that the registry has for a reference, such as
// sha256:…; the claim fails if it has none.
func MustDigest(t *spec.T, ref string) string {
	digest, found := Digest(t, ref)
	if !found {
		t.Fatalf("the registry has no %s", ref)
	}
	return digest.String()
}

// missing distinguishes "not there", which is an answer, from a registry that could not
// answer, which is not BuildKit's fault and ends the claim as an error. Any other error
// is about what the registry serves.
func missing(t *spec.T, ref name.Reference, err error) bool {
	if err == nil {
		return false
	}
	fault := upstream.FaultOf(ref.Context().RegistryStr(), err)
	if fault != nil && fault.Kind != upstream.Missing {
		t.EnvironmentFailed("ask the registry for %s: %v", ref, fault)
	}
	return fault != nil
}

// demand ends the claim if the registry does not have or serve something.
func demand(t *spec.T, ref name.Reference, what string, err error) {
	if missing(t, ref, err) {
		t.Fatalf("the registry has no %s", what)
	}
	t.OK(err, "the registry has no readable %s", what)
}

// Untagged returns a reference without its tag.
func Untagged(ref string) string {
	if tagged, err := name.NewTag(ref, name.StrictValidation); err == nil {
		return tagged.Context().Name()
	}
	return ref
}

// Platforms lists the platforms of the index that a reference names, without
// the entries that hold attestations.
func Platforms(t *spec.T, ref string) []string {
	parsed := parse(t, ref)
	index, err := remote.Index(parsed, remote.WithContext(t.Context()))
	demand(t, parsed, "index "+ref, err)
	manifest, err := index.IndexManifest()
	t.OK(err, "cannot read the index %s", ref)
	return platformsOf(manifest)
}

func platformsOf(index *v1.IndexManifest) []string {
	var all []string
	for _, m := range index.Manifests {
		if m.Platform != nil && m.Platform.OS != "unknown" {
			all = append(all, formatPlatform(*m.Platform))
		}
	}
	return all
}

// formatPlatform writes a platform as people do, such as linux/arm/v7.
func formatPlatform(p v1.Platform) string {
	return platforms.Format(platforms.Normalize(ocispec.Platform{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant}))
}

func parse(t *spec.T, ref string) name.Reference {
	parsed, err := name.ParseReference(ref, name.Insecure)
	t.OK(err, "%q is not an image reference", ref)
	return parsed
}
