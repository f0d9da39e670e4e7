package builder

import (
	"os"
	"path/filepath"
	"strings"

	"builders.test/helpers/cli"
	"builders.test/helpers/spec"
	"builders.test/helpers/subject"
	"builders.test/helpers/testbed"
)

// Option changes how a builder is created.
type Option func(*settings)

type settings struct {
	name        string
	config      cli.Config
	hasConfig   bool
	image       string
	unpinned    bool
	network     string
	platforms   string
	flags       []string
	toml        string
	driver      string
	transport   Transport
	opts        []string
	certificate Certificate
	reached     *daemon
	endpoint    string
	down        bool
}

// Driver creates the builder with a driver other than the claim's.
func Driver(name string) Option { return func(s *settings) { s.driver = name } }

// WithTransport reaches the BuildKit of a remote builder this way. Without it a builder that
// shares a daemon reaches it as the daemon's own builder does.
func WithTransport(transport Transport) Option {
	return func(s *settings) { s.transport = transport }
}

// Certificate is what a remote builder shows its BuildKit over [MutualTLS].
type Certificate string

const (
	// TrustedCert is signed by the authority that the daemon knows. It is the
	// default.
	TrustedCert Certificate = "client"
	// UntrustedCert is signed by an authority that the daemon does not know.
	UntrustedCert Certificate = "stranger"
	// NoCert shows no certificate.
	NoCert Certificate = ""
)

// String describes, as part of a sentence, a builder that shows it.
func (c Certificate) String() string {
	switch c {
	case NoCert:
		return "without a certificate"
	case UntrustedCert:
		return "with a certificate of an unknown authority"
	}
	return "with a certificate of the known authority"
}

// WithClientCert shows this certificate to the daemon.
func WithClientCert(c Certificate) Option { return func(s *settings) { s.certificate = c } }

// SharingDaemonOf points a remote builder at the daemon of another one, which
// still owns it: removing the new builder does not end the daemon.
func SharingDaemonOf(other *Builder) Option {
	return func(s *settings) { s.driver, s.reached = subject.DriverRemote, other.daemon }
}

// Down makes the BuildKit of a remote builder and does not start it.
func Down() Option { return func(s *settings) { s.down = true } }

// Pinned creates the builder from this image instead of the BuildKit under test.
func Pinned(image string) Option { return func(s *settings) { s.image = image } }

// DefaultImage is the image that buildx makes builders from if none is named.
const DefaultImage = "moby/buildkit:buildx-stable-1"

// Unpinned names no image, so that buildx chooses one.
func Unpinned() Option {
	return func(s *settings) { s.unpinned, s.image = true, DefaultImage }
}

// In creates the builder in an existing configuration, alongside its other builders.
func In(config cli.Config) Option {
	return func(s *settings) { s.config, s.hasConfig = config, true }
}

// Named gives the builder a chosen name, such as that of an earlier builder; it
// must come from [env.Environment.Name].
func Named(name string) Option { return func(s *settings) { s.name = name } }

// Platform creates the builder for these platforms, separated by commas.
func Platform(platforms string) Option { return func(s *settings) { s.platforms = platforms } }

// Network chooses the container's network mode; "" leaves the engine's default.
func Network(mode string) Option { return func(s *settings) { s.network = mode } }

// Bootstrapped starts the builder at once instead of at its first build.
func Bootstrapped() Option { return flag("--bootstrap") }

// Use makes the builder the current one of its configuration.
func Use() Option { return flag("--use") }

// DriverOpt gives the driver an option, written key=value.
func DriverOpt(option string) Option {
	return func(s *settings) { s.opts = append(s.opts, option) }
}

// Endpoint creates the builder's node on the engine at this address, instead of
// the one under test.
func Endpoint(host string) Option { return func(s *settings) { s.endpoint = host } }

// DaemonConfig replaces the configuration of the builder's BuildKit, which says only
// that it does not prune on its own.
func DaemonConfig(toml string) Option { return func(s *settings) { s.toml = toml } }

func flag(name string) Option {
	return func(s *settings) { s.flags = append(s.flags, name) }
}

func apply(t *spec.T, options []Option) settings {
	s := settings{image: t.Env.BuildKit.Image, toml: noGC, network: "host", driver: t.Driver, certificate: TrustedCert}
	for _, option := range options {
		option(&s)
	}
	switch {
	case s.transport == "" && s.reached != nil:
		s.transport = s.reached.transport
	case s.transport == "":
		s.transport = DockerExec
	}
	if !s.hasConfig {
		s.config = cli.NewConfig(t)
	}
	if s.name == "" {
		s.name = t.Env.Name(t.Claim.Name())
	}
	return s
}

func (s settings) createArgs(t *spec.T) []string {
	args := append([]string{"create", "--name", s.name, "--driver", s.driver}, s.flags...)
	if s.platforms != "" {
		args = append(args, "--platform", s.platforms)
	}
	for _, option := range s.opts {
		args = append(args, "--driver-opt", option)
	}
	if s.driver == subject.DriverRemote {
		// All other settings are the daemon's, which was started before.
		return args
	}
	if s.network != "" {
		args = append(args, "--driver-opt", "network="+s.network)
	}
	if !s.unpinned {
		args = append(args, "--driver-opt", "image="+s.image)
	}
	for _, variable := range t.Env.Proxies() {
		args = append(args, "--driver-opt", quoted("env."+variable))
	}
	if config := s.configFile(t); config != "" {
		args = append(args, "--config", config)
	}
	if s.endpoint != "" {
		args = append(args, s.endpoint)
	}
	return args
}

// quoted writes one driver option, which may have commas.
func quoted(option string) string {
	if !strings.ContainsAny(option, `,"`) {
		return option
	}
	return `"` + strings.ReplaceAll(option, `"`, `""`) + `"`
}

// configFile writes the configuration of the builder's BuildKit and returns its
// path, or "" if there is none.
func (s settings) configFile(t *spec.T) string {
	text := s.configText(t.Env.Testbed.Mirror)
	if text == "" {
		return ""
	}
	path := filepath.Join(t.Env.Dir, t.Env.Name("buildkitd")+".toml")
	t.EnvironmentOK(os.WriteFile(path, []byte(text+"\n"), 0o600), "write BuildKit's configuration")
	// It is needed to repeat the command.
	t.EnvironmentOK(t.Evidence.Note(filepath.Base(path), text+"\n"), "cannot save the evidence")
	return path
}

func (s settings) configText(mirror testbed.Mirror) string {
	return strings.TrimSpace(s.toml + "\n" + mirrorConfig(mirror))
}

// mirrorConfig makes BuildKit resolve the images that the mirror has from there,
// as the engine does with Docker Hub's images.
func mirrorConfig(mirror testbed.Mirror) string {
	if mirror.Address == "" {
		return ""
	}
	var text strings.Builder
	for _, registry := range mirror.Mirrored() {
		text.WriteString("[registry.\"" + registry + "\"]\n  mirrors = [\"" + mirror.Address + "\"]\n")
	}
	text.WriteString("[registry.\"" + mirror.Address + "\"]\n  http = true\n")
	return text.String()
}
