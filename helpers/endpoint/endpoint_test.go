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
		`echo default 0 unix:///var/run/docker.sock`: {Host: "unix:///var/run/docker.sock"},
		`echo desktop 0 "unix:///my own/sock"`:       {Host: "unix:///my own/sock", ChosenBy: `the docker context "desktop"`},
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
	require.Equal(t, Endpoint{docker, "tcp://127.0.0.1:1", "DOCKER_HOST"}, got)
}

func TestDiscoverRefuses(t *testing.T) {
	for script, want := range map[string]string{
		`echo "context \"gone\" does not exist" >&2; exit 1`: `find the current docker context: context "gone" does not exist; see`,
		`exit 3`:                           "exit status 3",
		`echo far 0 ssh://me@far`:          "engine at ssh://me@far: ssh is not supported; forward the socket",
		`echo cloud 1 tcp://10.0.0.1:2376`: `docker context "cloud" uses TLS, which is not supported; forward`,
	} {
		dockerSays(t, script)
		_, err := Discover(t.Context())
		require.ErrorContains(t, err, want)
	}
	dockerSays(t, `exit 1`)
	t.Setenv("DOCKER_TLS_VERIFY", "1")
	t.Setenv("DOCKER_HOST", "tcp://10.0.0.1:2376")
	_, err := Discover(t.Context())
	require.ErrorContains(t, err, "buildx creates no builders with DOCKER_TLS_VERIFY")
	t.Setenv("DOCKER_HOST", "ssh://me@far")
	_, err = Discover(t.Context())
	require.ErrorContains(t, err, "ssh is not supported")

	t.Setenv("PATH", t.TempDir())
	_, err = Discover(t.Context())
	require.ErrorIs(t, err, ErrNoCommand)
}
