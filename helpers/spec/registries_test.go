package spec

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"builders.test/helpers/env"
	"builders.test/helpers/proxy"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"
)

// doubting returns a try over a registry with a fault, on an engine that is asked
// and has nothing to say.
func doubting(t *testing.T, middleware proxy.Middleware) (try *T, host string) {
	t.Helper()
	faulty := httptest.NewServer(middleware(http.NotFoundHandler()))
	engine := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }))
	t.Cleanup(faulty.Close)
	t.Cleanup(engine.Close)
	asked, err := client.NewClientWithOpts(client.WithHost("tcp://"+strings.TrimPrefix(engine.URL, "http://")), client.WithVersion("1.48"))
	require.NoError(t, err)
	// The engine counts as one of this machine.
	e := &env.Environment{Client: asked, Engine: env.Engine{Host: "unix:///nobody", Root: t.TempDir(), Arch: "amd64"}}
	return &T{TB: t, Env: e}, strings.TrimPrefix(faulty.URL, "http://")
}

func TestAFaultyRegistryExcuses(t *testing.T) {
	try, host := doubting(t, proxy.Answering(503, nil))
	require.Empty(t, try.unserved(t.Context()), "nothing was asked of the registry")
	try.Stumbles(env.Question{Image: host + "/one:1", Builder: "b"})
	require.Contains(t, try.unserved(t.Context()), "the image "+host+"/one:1 is not available: "+host+" answers 503 Service Unavailable")
	try.Succeeds()
	require.Empty(t, try.unserved(t.Context()), "a failure that a later command followed was wanted")

	try.Doubts(env.Question{Image: host + "/two:1", Builder: "b", Push: true})
	try.Succeeds()
	require.Contains(t, try.unserved(t.Context()), host+"/two:1 cannot be pushed: ", "trouble that a command did not end by is forgotten")
}

func TestARegistryThatIsJudgedExcusesNothing(t *testing.T) {
	try, host := doubting(t, proxy.Answering(403, nil))
	try.Judges(host)
	try.Stumbles(env.Question{Image: host + "/one:1", Builder: "b"})
	require.Empty(t, try.unserved(t.Context()))
}

func TestAnImageThatNobodyMayAskForIsNoExcuse(t *testing.T) {
	try, host := doubting(t, proxy.Answering(404, nil))
	try.Judges(host + "/one")
	try.Stumbles(env.Question{Image: host + "/one:1", Builder: "b"})
	require.Empty(t, try.unserved(t.Context()))
	try.Stumbles(env.Question{Image: host + "/two:1", Builder: "b"})
	require.NotEmpty(t, try.unserved(t.Context()), "another image of the same registry")
}

func TestWhatTheClaimPutThereIsNoExcuseIfItIsMissing(t *testing.T) {
	try, host := doubting(t, proxy.Answering(404, nil))
	try.Stumbles(env.Question{Image: host + "/one:1", Builder: "b"})
	require.Contains(t, try.unserved(t.Context()), "404")
	try.Fills(host)
	require.Empty(t, try.unserved(t.Context()), "an image that BuildKit was to push is the registry's fault")

	try, host = doubting(t, proxy.HangingUp)
	try.Fills(host)
	try.Stumbles(env.Question{Image: host + "/one:1", Builder: "b"})
	require.Contains(t, try.unserved(t.Context()), "hangs up", "a registry of the claim's that died is BuildKit's fault")
}
