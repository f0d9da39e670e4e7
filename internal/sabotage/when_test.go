package sabotage

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"gotest.tools/v3/assert"
)

func TestOneInThree(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	wrong := oneInThree("--load")
	var said []bool
	for range 7 {
		now, err := wrong(Args{"buildx", "build", "--load", "."})
		assert.NilError(t, err)
		said = append(said, now)
		for _, other := range []Args{{"buildx", "build", "."}, {"buildx", "rm", "--load"}} {
			now, err := wrong(other)
			assert.NilError(t, err)
			assert.Assert(t, !now)
		}
	}
	assert.DeepEqual(t, said, []bool{true, false, false, true, false, false, true})
}

func TestBesideOthers(t *testing.T) {
	run := t.TempDir()
	t.Setenv("DOCKER_CONFIG", run)
	build := Args{"buildx", "build", "."}
	wrong := func(args Args) bool {
		t.Helper()
		now, err := besideOthers(args)
		assert.NilError(t, err)
		return now
	}
	assert.Assert(t, !wrong(build), "nobody else builds")
	assert.Assert(t, !wrong(build), "it is beside itself")

	other := exec.Command("sleep", "60")
	assert.NilError(t, other.Start())
	noted := filepath.Join(run, "saboteur", strconv.Itoa(other.Process.Pid)+".build")
	assert.NilError(t, os.WriteFile(noted, nil, 0o600))
	assert.Assert(t, wrong(build), "another one builds")
	assert.Assert(t, !wrong(Args{"buildx", "rm", "b"}))

	assert.NilError(t, other.Process.Kill())
	_ = other.Wait()
	assert.Assert(t, !wrong(build), "the other one is done")
}

func TestMemoryNeedsARun(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", "")
	_, err := oneInThree("--load")(Args{"buildx", "build", "--load"})
	assert.ErrorContains(t, err, "DOCKER_CONFIG is not set")
	_, err = besideOthers(Args{"buildx", "bake"})
	assert.ErrorContains(t, err, "DOCKER_CONFIG is not set")
}
