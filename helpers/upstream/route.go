package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Host is a registry as clients are configured to reach it.
type Host struct {
	// Name is its host, with the port unless that is the default.
	Name string
	// Plain reports whether it is reached without TLS.
	Plain bool
	// Unverified reports whether any certificate is accepted.
	Unverified bool
	// Roots are the authorities that may sign its certificate; nil means those of
	// this machine.
	Roots *x509.CertPool
}

// Route lists the registries that a client tries for an image, one after another:
// mirrors first, the image's own last.
type Route []Host

// patience is how long a registry may take to begin its answer.
const patience = 10 * time.Second

// sample is how much of an image's content is fetched, in bytes. What breaks off
// later goes unnoticed.
const sample = 64 << 20

// Hub is the registry behind docker.io.
const Hub = "registry-1.docker.io"

// HostOf returns the host that an image's reference leads to.
func HostOf(image string) (string, error) {
	ref, err := name.ParseReference(image)
	if err != nil {
		return "", err
	}
	if host := ref.Context().RegistryStr(); host != name.DefaultRegistry {
		return host, nil
	}
	return Hub, nil
}

// SameRepository reports whether two references lead to the same repository.
func SameRepository(one, other string) bool {
	a, err := name.ParseReference(one)
	if err != nil {
		return false
	}
	b, err := name.ParseReference(other)
	return err == nil && a.Context().Name() == b.Context().Name()
}

// Pull fetches an image as a client would: its manifest, that of one platform,
// its configuration and the beginning of its layers. If none of the registries on
// the way serves it, the error holds the [Fault] of each. arch chooses the
// platform if the image has several.
func (r Route) Pull(ctx context.Context, image, arch string) error {
	return r.each(image, func(h Host, ref name.Reference, auth authn.Authenticator) error {
		return h.pull(ctx, ref, auth, arch)
	})
}

// Push makes sure that the last registry of the route accepts uploads for an
// image, and leaves nothing there.
func (r Route) Push(ctx context.Context, image string) error {
	return r[len(r)-1:].each(image, func(h Host, ref name.Reference, auth authn.Authenticator) error {
		return h.push(ctx, ref, auth)
	})
}

type question func(Host, name.Reference, authn.Authenticator) error

// each asks until a registry does its part.
func (r Route) each(image string, ask question) error {
	ref, err := name.ParseReference(image)
	if err != nil {
		return fmt.Errorf("%q is not an image reference: %w", image, err)
	}
	// A failing credential helper of the user's is not a registry's fault.
	auth, err := authn.DefaultKeychain.Resolve(ref.Context())
	if err != nil {
		auth = authn.Anonymous
	}
	var faults []error
	for _, host := range r {
		at, err := host.reference(ref)
		if err != nil {
			return err
		}
		who := authn.Anonymous
		if at.Context().RegistryStr() == ref.Context().RegistryStr() || host.Name == Hub {
			who = auth
		}
		err = ask(host, at, who)
		if err == nil {
			return nil
		}
		faults = append(faults, err)
	}
	return together(faults)
}

// together is the faults of several registries as one sentence.
type together []error

// Error begins with the first registry that was tried.
func (t together) Error() string {
	var text []string
	for _, err := range t {
		text = append(text, err.Error())
	}
	return strings.Join(text, "; and ")
}

// Unwrap returns each of them.
func (t together) Unwrap() []error { return t }

// reference returns an image's reference at this host.
func (h Host) reference(ref name.Reference) (name.Reference, error) {
	separator := ":"
	if _, byDigest := ref.(name.Digest); byDigest {
		separator = "@"
	}
	var options []name.Option
	if h.Plain {
		options = append(options, name.Insecure)
	}
	return name.ParseReference(h.Name+"/"+ref.Context().RepositoryStr()+separator+ref.Identifier(), options...)
}

// client returns a client that is watched.
func (h Host) client() *witness {
	w := &witness{}
	dialer := &net.Dialer{Timeout: patience}
	w.next = &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext,
		TLSHandshakeTimeout: patience, ResponseHeaderTimeout: patience, DisableKeepAlives: true,
		TLSClientConfig:        &tls.Config{RootCAs: h.Roots, InsecureSkipVerify: h.Unverified},
		OnProxyConnectResponse: w.proxyAnswered,
	}
	return w
}

func (h Host) pull(ctx context.Context, ref name.Reference, auth authn.Authenticator, arch string) error {
	w := h.client()
	options := []remote.Option{
		remote.WithContext(ctx), remote.WithTransport(w), remote.WithAuth(auth),
		remote.WithRetryPredicate(func(error) bool { return false }), remote.WithRetryStatusCodes(),
	}
	return h.judge(w, fetch(ref, arch, options))
}

// judge turns an error of a client into the fault that caused it.
func (h Host) judge(w *witness, err error) error {
	if err == nil {
		return nil
	}
	if fault := w.fault(); fault != nil {
		return fault
	}
	if errors.Is(err, errNoPlatform) {
		return nil
	}
	return &Fault{Host: h.Name, Kind: Unreadable, Detail: "cannot be understood: " + strings.Join(strings.Fields(err.Error()), " ")}
}

// errNoPlatform is not a fault: the registry answers as it should.
var errNoPlatform = errors.New("the index has no image")

func fetch(ref name.Reference, arch string, options []remote.Option) error {
	found, err := remote.Get(ref, options...)
	if err != nil {
		return err
	}
	image, err := imageOf(found, arch)
	if err != nil {
		return err
	}
	if _, err := image.RawConfigFile(); err != nil {
		return err
	}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	left := int64(sample)
	for _, layer := range layers {
		if left, err = read(layer, left); err != nil {
			return err
		}
	}
	return nil
}

func imageOf(found *remote.Descriptor, arch string) (v1.Image, error) {
	if !found.MediaType.IsIndex() {
		return found.Image()
	}
	index, err := found.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	chosen := -1
	for i, m := range manifest.Manifests {
		ofImage := m.MediaType.IsImage() && (m.Platform == nil || m.Platform.OS != "unknown")
		if ofImage && (chosen < 0 || m.Platform != nil && m.Platform.Architecture == arch) {
			chosen = i
		}
	}
	if chosen < 0 {
		return nil, errNoPlatform
	}
	return index.Image(manifest.Manifests[chosen].Digest)
}

// read fetches at most left bytes of a layer, and returns how many are left.
func read(layer v1.Layer, left int64) (int64, error) {
	if left <= 0 {
		return 0, nil
	}
	content, err := layer.Compressed()
	if err != nil {
		return left, err
	}
	defer content.Close()
	n, err := io.CopyN(io.Discard, content, left)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return left - n, err
}
