//go:build faults

package faults

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"builders.test/helpers/builder"
	"builders.test/helpers/registry"
	"builders.test/helpers/testbed"
	"builders.test/internal/versions"
	"github.com/stretchr/testify/require"
)

// user is someone with their own engine and things on it.
type user struct {
	t *testing.T
	// environ leads to the engine and to the user's configuration.
	environ map[string]string
	// config is the folder of the user's docker configuration.
	config string
	buildx string
}

// newUser turns the lab's engine into a user's: with a container, a volume, an
// image, a network, a context, and a running builder that is the current one.
// They have no image from a registry, and one of their own has the name of the
// image that buildx makes builders from.
func newUser(t *testing.T) *user {
	t.Helper()
	found := access(t)
	buildx, err := theLab(t).Buildx(t.Context(), versions.Buildx)
	require.NoError(t, err)
	u := &user{t: t, config: filepath.Join(t.TempDir(), "docker"), buildx: buildx}
	plugins := filepath.Join(u.config, "cli-plugins")
	require.NoError(t, os.MkdirAll(plugins, 0o755))
	require.NoError(t, os.Symlink(buildx, filepath.Join(plugins, "docker-buildx")))
	u.environ = map[string]string{
		"DOCKER_HOST": found.DockerHost, "DOCKER_CONFIG": u.config, "DOCKER_CONTEXT": "",
		"BUILDX_CONFIG": "", testbed.Variable: withMirror(t, found.Testbed.Mirror),
	}
	t.Cleanup(func() {
		for _, line := range []string{
			"buildx rm --force users-builder", "rm --force users-web", "volume rm --force users-data users-letters",
			"network rm users-net", "rmi --force users/app:1", "rmi --force " + builder.DefaultImage,
		} {
			_ = u.command("docker", strings.Fields(line)...).Run()
		}
	})
	for _, line := range []string{
		"rmi --force " + registry.Image,
		"pull --quiet busybox", "tag busybox users/app:1", "tag busybox " + builder.DefaultImage, "volume create users-data", "network create users-net",
		"create --name users-web --volume users-data:/data busybox true",
		"context create users-context --docker host=" + found.DockerHost,
		"buildx create --name users-builder --driver docker-container --driver-opt image=moby/buildkit:" + buildKit + " --use --bootstrap",
	} {
		said, err := u.command("docker", strings.Fields(line)...).CombinedOutput()
		require.NoError(t, err, "docker %s: %s", line, said)
	}
	return u
}

func (u *user) command(name string, args ...string) *exec.Cmd {
	return commandOn(u.environ, name, args...)
}

// check runs specs on the user's engine.
func (u *user) check(args ...string) *ran {
	u.t.Helper()
	return begin(u.t, u.command(program, append([]string{"check", "--buildkit", buildKit}, args...)...))
}

// files returns the user's configuration, file by file.
func (u *user) files() map[string]string {
	u.t.Helper()
	sums := map[string]string{}
	err := filepath.WalkDir(u.config, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		sums[path] = fmt.Sprintf("%x", sha256.Sum256(content))
		return err
	})
	require.NoError(u.t, err)
	return sums
}

// TestGuest runs specs on a user's engine.
func TestGuest(t *testing.T) {
	u := newUser(t)
	before, configured := inventory(t), u.files()

	for _, claims := range []string{"builders,cleanup", "caching/registry"} {
		r := u.check("--run", claims)
		require.Zero(t, r.wait(t), r.said)
		require.Contains(t, r.said.String(), "which was already running")
	}
	notBuildKit := begin(t, u.command(program, "check", "--buildkit", "users/app:1"))
	require.Equal(t, 2, notBuildKit.wait(t), notBuildKit.said)
	require.Equal(t, configured, u.files(), "the user's docker configuration is not as it was")
	for _, thing := range inventory(t) {
		// What carries a run's id is that run's to remove; see awaitClean.
		require.True(t, thing.Kind != "image" || thing.Run != "" || before.Has(thing), "the run pulled %s and left it", thing)
	}
	current, err := u.command("docker", "buildx", "inspect").CombinedOutput()
	require.NoError(t, err, string(current))
	require.Contains(t, string(current), "users-builder", "the user's current builder is another one")
	awaitClean(t, before)
}

// TestAThiefIsCaught runs specs with a buildx that also takes something of the
// user's: every claim holds anyway. What only the run or the user can have done
// makes the run an error, and what anyone on the engine can have done is reported.
func TestAThiefIsCaught(t *testing.T) {
	u := newUser(t)
	for _, tc := range []struct {
		takes, does string
		code        int
		says        string
	}{
		{"a volume", "docker volume rm users-letters", 0, "volume users-letters is gone; nothing shows that the run did it"},
		{"the choice of builder", "rm " + filepath.Join(u.config, "buildx", "current"), 2, filepath.Join("buildx", "current") + " is gone; unless you did it"},
	} {
		t.Run(tc.takes, func(t *testing.T) {
			said, err := u.command("docker", "volume", "create", "users-letters").CombinedOutput()
			require.NoError(t, err, string(said))
			thief := filepath.Join(t.TempDir(), "docker-buildx")
			script := "#!/bin/sh\ncase \"$*\" in *' rm '*) " + tc.does + " >/dev/null 2>&1;; esac\nexec " + u.buildx + " \"$@\"\n"
			require.NoError(t, os.WriteFile(thief, []byte(script), 0o755))

			r := u.check("--run", "cleanup/rm", "--buildx", thief)

			require.Equal(t, tc.code, r.wait(t), r.said)
			require.Contains(t, r.said.String(), tc.says)
		})
	}
}
