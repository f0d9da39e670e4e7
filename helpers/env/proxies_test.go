package env

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProxies(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"} {
		t.Setenv(name, "")
	}
	e := New()
	e.Dir, e.Engine.Host = t.TempDir(), "unix:///run/docker.sock"
	require.NoError(t, os.MkdirAll(e.DockerConfig(), 0o700))
	require.Empty(t, e.Proxies())

	t.Setenv("https_proxy", "http://lower:3128")
	t.Setenv("NO_PROXY", "localhost,127.0.0.1")
	require.Equal(t, []string{"HTTPS_PROXY=http://lower:3128", "NO_PROXY=localhost,127.0.0.1"}, e.Proxies())

	config := `{"proxies": {"default": {"httpsProxy": "http://configured:3128", "noProxy": "here"}}}`
	require.NoError(t, os.WriteFile(filepath.Join(e.DockerConfig(), "config.json"), []byte(config), 0o600))
	require.Equal(t, []string{"HTTPS_PROXY=http://configured:3128", "NO_PROXY=here"}, e.Proxies())
}
