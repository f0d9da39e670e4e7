package existing

import (
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/env"
	"gotest.tools/v3/fs"
)

// dockerSays makes a docker command that knows a context and an engine's version
// the only program on PATH; an empty version stands for an engine that is down.
func dockerSays(t *testing.T, context, version string) {
	t.Helper()
	script := "#!/bin/sh\ncase $1 in\n" +
		"context) " + context + ";;\n" +
		"version) " + version + ";;\nesac\n"
	dir := fs.NewDir(t, "bin", fs.WithFile("docker", script, fs.WithMode(0o755)))
	env.PatchAll(t, map[string]string{"PATH": dir.Path()})
}

const (
	defaultContext = `echo "default 0 unix:///var/run/docker.sock"`
	namedContext   = `echo "desktop 0 unix:///home/me/desktop.sock"`
	noContext      = `echo "context \"gone\" does not exist" >&2; exit 1`
	up             = "echo 29.1.0"
	down           = "echo; echo Cannot connect >&2; exit 1"
)

func TestFind(t *testing.T) {
	dockerSays(t, defaultContext, up)
	got, err := Find(t.Context())
	assert.NilError(t, err)
	assert.Equal(t, got, Engine{Host: "unix:///var/run/docker.sock", Version: "29.1.0"})

	dockerSays(t, namedContext, up)
	got, err = Find(t.Context())
	assert.NilError(t, err)
	assert.Equal(t, got.Host, "unix:///home/me/desktop.sock")
}

func TestFindNone(t *testing.T) {
	dockerSays(t, defaultContext, down)
	_, err := Find(t.Context())
	assert.ErrorIs(t, err, ErrNone)

	env.PatchAll(t, map[string]string{"PATH": t.TempDir()})
	_, err = Find(t.Context())
	assert.ErrorIs(t, err, ErrNone, "without a docker command the lab brings its own")
}

func TestWhatWasChosenMustAnswer(t *testing.T) {
	dockerSays(t, namedContext, down)
	_, err := Find(t.Context())
	assert.ErrorContains(t, err, `no Docker Engine answers at unix:///home/me/desktop.sock, which the docker context "desktop" selects`)

	dockerSays(t, noContext, down)
	_, err = Find(t.Context())
	assert.ErrorContains(t, err, `find the current docker context: context "gone" does not exist`)

	dockerSays(t, noContext, down)
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
	_, err = Find(t.Context())
	assert.ErrorContains(t, err, "no Docker Engine answers at tcp://127.0.0.1:1, which DOCKER_HOST selects")

	t.Setenv("PATH", t.TempDir())
	_, err = Find(t.Context())
	assert.ErrorContains(t, err, "there is no docker command on PATH")
}

func TestStoreOf(t *testing.T) {
	for name, tc := range map[string]struct{ info, want, err string }{
		"containerd": {`echo 'overlayfs [["driver-type","io.containerd.snapshotter.v1"]]'`, "containerd", ""},
		"overlay2":   {`echo 'overlay2 [["Backing Filesystem","extfs"],["Supports d_type","true"]]'`, "overlay2", ""},
		"down":       {down, "", "ask the engine at unix:///x.sock for its image store: Cannot connect; see"},
		"silent":     {"echo", "", "no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := fs.NewDir(t, "bin", fs.WithFile("docker", "#!/bin/sh\n"+tc.info+"\n", fs.WithMode(0o755)))
			t.Setenv("PATH", dir.Path())
			got, err := StoreOf(t.Context(), Engine{Host: "unix:///x.sock"})
			assert.Equal(t, got, tc.want)
			if tc.err == "" {
				assert.NilError(t, err)
				return
			}
			assert.ErrorContains(t, err, tc.err)
		})
	}
}
