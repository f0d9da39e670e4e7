package endpoint

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// dockerSays makes a docker command that does this the only program on PATH.
func dockerSays(t *testing.T, script string) (path string) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "docker")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755))
	t.Setenv("PATH", dir)
	t.Setenv("DOCKER_HOST", "")
	return path
}

func TestDiscover(t *testing.T) {
	for script, want := range map[string]Endpoint{
		`echo default 0 unix:///var/run/docker.sock`: {Host: "unix:///var/run/docker.sock", Context: "default"},
		`echo desktop 0 "unix:///my own/sock"`:       {Host: "unix:///my own/sock", ChosenBy: `the docker context "desktop"`, Context: "desktop"},
	} {
		want.Docker = dockerSays(t, script)
		got, err := Discover(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	docker := dockerSays(t, `exit 1`)
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
	got, err := Discover(t.Context())
	require.NoError(t, err)
	require.Equal(t, Endpoint{Docker: docker, Host: "tcp://127.0.0.1:1", ChosenBy: "DOCKER_HOST"}, got)
}

func TestDiscoverRefuses(t *testing.T) {
	for script, want := range map[string]string{
		`echo "context \"gone\" does not exist" >&2; exit 1`: `find the current docker context: context "gone" does not exist; see`,
		`exit 3`: "exit status 3",
	} {
		dockerSays(t, script)
		_, err := Discover(t.Context())
		require.ErrorContains(t, err, want)
	}
	t.Setenv("PATH", t.TempDir())
	_, err := Discover(t.Context())
	require.ErrorIs(t, err, ErrNoCommand)
}

// What only the docker command can reach remembers how it does.
func TestDiscoverWhatIsNotDirect(t *testing.T) {
	for script, want := range map[string]string{
		`echo far 0 ssh://me@far`:          "ssh://me@far",
		`echo cloud 1 tcp://10.0.0.1:2376`: "tcp://10.0.0.1:2376",
	} {
		dockerSays(t, script)
		t.Setenv("DOCKER_CONFIG", "/home/me/.docker")
		got, err := Discover(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, got.Host)
		require.False(t, got.Direct())
		require.Contains(t, got.environ, "DOCKER_CONFIG=/home/me/.docker")
	}
	for host, verify := range map[string]string{"ssh://me@far": "", "tcp://10.0.0.1:2376": "1"} {
		dockerSays(t, `exit 1`)
		t.Setenv("DOCKER_HOST", host)
		t.Setenv("DOCKER_TLS_VERIFY", verify)
		got, err := Discover(t.Context())
		require.NoError(t, err)
		require.False(t, got.Direct())
		require.Contains(t, got.environ, "DOCKER_HOST="+host)
	}
}
