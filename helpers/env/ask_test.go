package env

import (
	"testing"

	"builders.test/helpers/testbed"
	"builders.test/helpers/upstream"
	"github.com/stretchr/testify/require"
)

func TestConfiguredRoute(t *testing.T) {
	const config = `
[registry."docker.io"]
  mirrors = ["mirror.invalid:5000", "other.invalid"]
[registry."mirror.invalid:5000"]
  http = true
[registry."own.invalid"]
  insecure = true
`
	require.Equal(t, upstream.Route{{Name: "mirror.invalid:5000", Plain: true}, {Name: "other.invalid"}, {Name: upstream.Hub}}, configuredRoute(config, upstream.Hub))
	require.Equal(t, upstream.Route{{Name: "own.invalid", Unverified: true}}, configuredRoute(config, "own.invalid"))
	require.Equal(t, upstream.Route{{Name: "ghcr.io"}}, configuredRoute(config, "ghcr.io"))
	require.Equal(t, upstream.Route{{Name: upstream.Hub}}, configuredRoute("", upstream.Hub))
}

func TestTheWayOfABuilder(t *testing.T) {
	e := &Environment{Testbed: testbed.Testbed{Mirror: testbed.Mirror{Address: "127.0.0.1:5000"}}}
	e.Configured("own", "")
	of := func(builder, image string) upstream.Route {
		route, err := e.route(t.Context(), Question{Image: image, Builder: builder})
		require.NoError(t, err)
		return route
	}
	require.Equal(t, upstream.Route{{Name: upstream.Hub}}, of("own", "busybox"), "a builder without a mirror was asked about the mirror")
	require.Equal(t, upstream.Route{{Name: "127.0.0.1:5000", Plain: true}, {Name: upstream.Hub}}, of("unknown", "busybox"))
}

func TestWhatIsOnAnotherMachine(t *testing.T) {
	e := &Environment{Engine: Engine{Host: "tcp://elsewhere.invalid:2376"}}
	route := upstream.Route{{Name: "127.0.0.1:5000"}, {Name: "localhost"}, {Name: "[::1]:80"}, {Name: "ghcr.io"}}
	require.Equal(t, upstream.Route{{Name: "ghcr.io"}}, e.reachable(route))
}
