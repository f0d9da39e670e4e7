package sabotage

import (
	"os"
	"path/filepath"
	"testing"

	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

func TestConfigIsChangedInACopy(t *testing.T) {
	const text = "[worker.oci]\n  max-parallelism = 1\n[registry.\"docker.io\"]\n  mirrors = [\"127.0.0.1:1\"]\n"
	dir := fs.NewDir(t, "run", fs.WithFile("buildkitd.toml", text))
	args := Args{"buildx", "create", "--config", dir.Join("buildkitd.toml")}

	changed, err := args.withConfig(func(c Config) {
		delete(c.worker(), "max-parallelism")
		c.worker()["gc"] = false
	})

	assert.NilError(t, err)
	assert.DeepEqual(t, changed, Args{"buildx", "create", "--config", dir.Join("buildkitd.toml.wrong")})
	got, err := os.ReadFile(dir.Join("buildkitd.toml.wrong"))
	assert.NilError(t, err)
	assert.Equal(t, string(got), "[registry]\n[registry.'docker.io']\nmirrors = ['127.0.0.1:1']\n\n[worker]\n[worker.oci]\ngc = false\n")
	kept, err := os.ReadFile(dir.Join("buildkitd.toml"))
	assert.NilError(t, err)
	assert.Equal(t, string(kept), text)
}

func TestConfigThatCannotBeRead(t *testing.T) {
	_, err := Args{"buildx", "create", "--config", "missing.toml"}.withConfig(func(Config) {})
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestContextIsCopied(t *testing.T) {
	dir := fs.NewDir(t, "context", fs.WithFile("Dockerfile", "FROM scratch"), fs.WithFile(".dockerignore", "*"))
	t.Setenv("BUILDX_CONFIG", t.TempDir())
	args := Args{"buildx", "build", "--file", dir.Join("Dockerfile"), dir.Path()}

	changed, err := args.withContext(func(folder string) error { return os.Remove(filepath.Join(folder, ".dockerignore")) })

	assert.NilError(t, err)
	to := changed[len(changed)-1]
	assert.Assert(t, to != dir.Path())
	assert.Equal(t, changed[3], filepath.Join(to, "Dockerfile"))
	assert.Assert(t, fs.Equal(to, fs.Expected(t, fs.WithFile("Dockerfile", "FROM scratch"), fs.MatchAnyFileMode)))
	_, err = os.Stat(dir.Join(".dockerignore"))
	assert.NilError(t, err)
}

func TestContextThatIsNoFolder(t *testing.T) {
	args := Args{"buildx", "build", "https://example.test/repository.git"}
	changed, err := args.withContext(func(string) error { return nil })
	assert.NilError(t, err)
	assert.DeepEqual(t, changed, args)
}
