package env

import (
	"context"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"

	"builders.test/helpers/upstream"
	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/registry"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/pelletier/go-toml/v2"
)

// Question is about an image that could not be pulled or pushed.
type Question struct {
	// Image is its reference.
	Image string
	// Builder is the name of the builder that asked for it, or empty if the engine
	// did. An unknown name is treated like any other builder.
	Builder string
	// Push reports whether it was to be pushed.
	Push bool
	// Local reports whether an image of this name on the engine will do, too.
	Local bool
}

// Configured notes the lines for buildkitd.toml that a builder was created with,
// which say how it reaches registries.
func (e *Environment) Configured(builder, config string) { e.configs.Store(builder, config) }

// IsConfigured reports whether it is known how a builder reaches registries.
func (e *Environment) IsConfigured(builder string) bool {
	_, known := e.configs.Load(builder)
	return known
}

// AskUpstream checks the registries on the way to an image. If none of them does
// its part, the error holds the [upstream.Fault] of each. This process asks them,
// along the route that the builder is configured to take; if that is the engine's
// route, the engine asks them, too.
func (e *Environment) AskUpstream(ctx context.Context, q Question) error {
	if q.Local {
		if _, err := e.Client.ImageInspect(ctx, q.Image); err == nil {
			return nil
		}
	}
	route, err := e.route(ctx, q)
	if err != nil {
		return nil // not a reference, so no registry was asked
	}
	alike := likeTheEngine(route)
	if q.Builder != "" {
		route = e.trusting(ctx, q.Builder, route)
	}
	if reachable := e.reachable(route); len(reachable) > 0 {
		ask := func() error { return reachable.Pull(ctx, q.Image, e.Engine.Arch) }
		if q.Push {
			ask = func() error { return reachable.Push(ctx, q.Image) }
		}
		if err := ask(); err != nil {
			return err
		}
	}
	if q.Push || q.Builder != "" && !alike {
		return nil
	}
	return e.askEngine(ctx, q.Image)
}

// likeTheEngine reports whether a builder has no way of its own to a registry.
func likeTheEngine(route upstream.Route) bool {
	return len(route) == 1 && !route[0].Plain && !route[0].Unverified && route[0].Roots == nil
}

// reachable leaves out loopback hosts if the engine is elsewhere: this process would
// ask the wrong machine.
func (e *Environment) reachable(route upstream.Route) upstream.Route {
	if e.Engine.Local() == nil {
		return route
	}
	var elsewhere upstream.Route
	for _, host := range route {
		if !loopback(host.Name) {
			elsewhere = append(elsewhere, host)
		}
	}
	return elsewhere
}

func loopback(host string) bool {
	if only, _, err := net.SplitHostPort(host); err == nil {
		host = only
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// route returns the registries that are tried for an image.
func (e *Environment) route(ctx context.Context, q Question) (upstream.Route, error) {
	host, err := upstream.HostOf(q.Image)
	if err != nil {
		return nil, err
	}
	if q.Builder == "" {
		return e.engineRoute(ctx, host), nil
	}
	config, known := e.configs.Load(q.Builder)
	mirror := e.Testbed.Mirror.Address
	if !known && mirror == "" {
		return upstream.Route{{Name: host}}, nil
	}
	if !known {
		return upstream.Route{{Name: mirror, Plain: true}, {Name: host}}, nil
	}
	return configuredRoute(config.(string), host), nil
}

// engineRoute returns the route that the engine takes: its mirrors are Docker Hub's.
func (e *Environment) engineRoute(ctx context.Context, host string) upstream.Route {
	var route upstream.Route
	info, err := e.Client.Info(ctx)
	if err == nil && host == upstream.Hub && info.RegistryConfig != nil {
		for _, mirror := range info.RegistryConfig.Mirrors {
			scheme, rest, _ := strings.Cut(mirror, "://")
			route = append(route, upstream.Host{Name: strings.Trim(rest, "/"), Plain: scheme == "http"})
		}
	}
	insecure := err == nil && info.RegistryConfig != nil && info.RegistryConfig.IndexConfigs[host] != nil && !info.RegistryConfig.IndexConfigs[host].Secure
	return append(route, upstream.Host{Name: host, Plain: insecure, Unverified: insecure})
}

// registryConfig is what buildkitd.toml says about one registry.
type registryConfig struct {
	Mirrors  []string `toml:"mirrors"`
	HTTP     bool     `toml:"http"`
	Insecure bool     `toml:"insecure"`
	CA       []string `toml:"ca"`
}

// configuredRoute returns the route that a builder takes according to its
// buildkitd.toml.
func configuredRoute(config, host string) upstream.Route {
	var all struct {
		Registry map[string]registryConfig `toml:"registry"`
	}
	// BuildKit does not start with lines that cannot be read.
	_ = toml.Unmarshal([]byte(config), &all)
	registry := host
	if host == upstream.Hub {
		registry = "docker.io"
	}
	var route upstream.Route
	for _, mirror := range append(all.Registry[registry].Mirrors, registry) {
		c := all.Registry[mirror]
		at := upstream.Host{Name: mirror, Plain: c.HTTP, Unverified: c.Insecure, Roots: pool(c.CA)}
		if mirror == registry {
			at.Name = host
		}
		route = append(route, at)
	}
	return route
}

func pool(files []string) *x509.CertPool {
	if len(files) == 0 {
		return nil
	}
	roots := x509.NewCertPool()
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil {
			roots.AppendCertsFromPEM(content)
		}
	}
	return roots
}

// askEngine has the engine itself look up an image.
func (e *Environment) askEngine(ctx context.Context, image string) error {
	_, err := e.Client.DistributionInspect(ctx, image, credentials(image))
	if err == nil {
		return nil
	}
	host, _ := upstream.HostOf(image)
	kind := upstream.Failed
	if cerrdefs.IsNotFound(err) {
		kind = upstream.Missing
	}
	return &upstream.Fault{Host: host, Kind: kind, Detail: fmt.Sprintf("does not serve %s to the engine: %v", image, err)}
}

// credentials returns the user's credentials for an image's registry, as the engine
// takes them.
func credentials(image string) string {
	ref, err := name.ParseReference(image)
	if err != nil {
		return ""
	}
	found, err := authn.DefaultKeychain.Resolve(ref.Context())
	if err != nil || found == authn.Anonymous {
		return ""
	}
	config, err := found.Authorization()
	if err != nil {
		return ""
	}
	encoded, err := registry.EncodeAuthConfig(registry.AuthConfig{
		Username: config.Username, Password: config.Password, Auth: config.Auth,
		IdentityToken: config.IdentityToken, RegistryToken: config.RegistryToken,
	})
	if err != nil {
		return ""
	}
	return encoded
}

// explained returns the reason why an image could not be pulled: what is wrong
// with the registries on the way, or else the error itself.
func (e *Environment) explained(ctx context.Context, image string, err error) error {
	asked := e.AskUpstream(ctx, Question{Image: image})
	if asked == nil {
		return err
	}
	return fmt.Errorf("the engine has no image %s and cannot pull it: %w, or load the image into the engine", image, asked)
}
