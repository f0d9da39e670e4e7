package builder

import (
	"os"
	"path/filepath"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/cli"
	"builders.test/helpers/env"
	"builders.test/helpers/spec"
	"gotest.tools/v3/assert"
)

// TestTheLookLineNeedsNothingOfTheShell has the run's own docker command and
// configuration in it, which has the buildx under test.
func TestTheLookLineNeedsNothingOfTheShell(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	e := env.New()
	e.Run, e.Docker, e.Engine.Host = "0a1b2c3d", "/opt/lab/docker", "unix:///s"
	e.Dir = filepath.Join(os.TempDir(), env.Prefix+e.Run)
	assert.NilError(t, os.Mkdir(e.Dir, 0o700))
	b := &Builder{Name: "x", Config: cli.Config{Dir: "/c"}}
	b.keep(&spec.T{TB: t, Env: e, Claim: claim.Claim{ID: "cleanup/rm"}})
	assert.DeepEqual(t, env.KeptBy(e.Run), []env.Kept{{
		Claim: "rm", Look: "DOCKER_HOST=unix:///s DOCKER_CONFIG=" + e.DockerConfig() + " BUILDX_CONFIG=/c /opt/lab/docker buildx inspect x",
	}})
}
