package rehearsal

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/require"
)

// hub returns a hub in front of a registry with two indexes, and a client for which it is
// all of the world's registries.
func hub(t *testing.T) (*Hub, http.RoundTripper) {
	t.Helper()
	mirror := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(mirror.Close)
	address := strings.TrimPrefix(mirror.URL, "http://")
	for _, repository := range []string{"moby/buildkit:v1", "library/busybox:latest"} {
		ref, err := name.NewTag(address+"/"+repository, name.Insecure)
		require.NoError(t, err)
		index, err := random.Index(100, 2, 2)
		require.NoError(t, err)
		require.NoError(t, remote.WriteIndex(ref, index))
	}
	h := &Hub{Mirror: address, Carried: []byte("an authority\n"), Accounts: []Account{{"jane", "secret"}}}
	server := httptest.NewTLSServer(h)
	t.Cleanup(server.Close)
	return h, &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, server.Listener.Addr().String())
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
}

// pull fetches all of an image.
func pull(t *testing.T, through http.RoundTripper, image string, options ...remote.Option) (v1.ImageIndex, error) {
	t.Helper()
	ref, err := name.ParseReference(image)
	require.NoError(t, err)
	index, err := remote.Index(ref, append(options, remote.WithTransport(through), remote.WithRetryStatusCodes())...)
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	for _, entry := range manifest.Manifests {
		one, err := index.Image(entry.Digest)
		require.NoError(t, err)
		layers, err := one.Layers()
		require.NoError(t, err)
		for _, layer := range layers {
			content, err := layer.Compressed()
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, content)
			require.NoError(t, err)
		}
	}
	return index, nil
}

func TestHubIsEveryRegistry(t *testing.T) {
	h, through := hub(t)
	for _, image := range []string{"busybox", "gcr.io/library/busybox", "quay.io/library/busybox"} {
		_, err := pull(t, through, image)
		require.NoError(t, err, image)
	}
	require.Positive(t, h.Pulled()[""], "what Docker Hub serves is counted")
}

func TestHubLimitsWhoIsNotLoggedIn(t *testing.T) {
	h, through := hub(t)
	h.Limit(0)
	_, err := pull(t, through, "busybox")
	require.ErrorContains(t, err, "TOOMANYREQUESTS")
	_, err = pull(t, through, "gcr.io/library/busybox")
	require.NoError(t, err, "the limit is Docker Hub's")
	_, err = pull(t, through, "busybox", remote.WithAuth(&authn.Basic{Username: "jane", Password: "secret"}))
	require.NoError(t, err)
	require.Positive(t, h.Pulled()["jane"])
	require.Zero(t, h.Pulled()[""])
	_, err = pull(t, through, "busybox", remote.WithAuth(&authn.Basic{Username: "jane", Password: "wrong"}))
	require.ErrorContains(t, err, "incorrect username or password")
}

func TestImagesOfBuildKitCarryTheAuthority(t *testing.T) {
	_, through := hub(t)
	index, err := pull(t, through, "moby/buildkit:v1")
	require.NoError(t, err)
	manifest, err := index.IndexManifest()
	require.NoError(t, err)
	require.Len(t, manifest.Manifests, 2)
	for _, entry := range manifest.Manifests {
		one, err := index.Image(entry.Digest)
		require.NoError(t, err)
		config, err := one.ConfigFile()
		require.NoError(t, err)
		require.Contains(t, config.Config.Labels, carriedLabel)
		layers, err := one.Layers()
		require.NoError(t, err)
		require.Len(t, layers, 3)
	}
	_, err = pull(t, through, "moby/buildkit:none")
	require.ErrorContains(t, err, "MANIFEST_UNKNOWN")
}
