package scaffold

import (
	"os"
	"testing"

	"builders.test/helpers/script"
	"github.com/rogpeppe/go-internal/testscript"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

func TestTheFirstScriptIsOne(t *testing.T) {
	dir := fs.NewDir(t, "my app", fs.WithFile("Dockerfile", "FROM busybox\nRUN true\nCMD [\"true\"]\n"))
	path, err := Write(dir.Join("Dockerfile"), dir.Join("specs"))
	assert.NilError(t, err)
	s, err := script.Read(path)
	assert.NilError(t, err)
	assert.Assert(t, len(s.Claim.Needs) == 2)
	content, err := os.ReadFile(path)
	assert.NilError(t, err)
	assert.Assert(t, string(content) != "")

	_, err = Write(dir.Join("Dockerfile"), dir.Join("specs"))
	assert.ErrorContains(t, err, "already exists")
	_, err = Write(dir.Join("none"), dir.Join("specs"))
	assert.ErrorContains(t, err, "init needs a Dockerfile")
}

// TestTheFirstScriptFindsItsDockerfile lets testscript read the script's words.
func TestTheFirstScriptFindsItsDockerfile(t *testing.T) {
	for _, folder := range []string{"plain", "my app", "it's", "a'b c$HOME#d"} {
		dir := fs.NewDir(t, "root", fs.WithDir(folder, fs.WithFile("Dockerfile", "FROM busybox\n")))
		path, err := Write(dir.Join(folder, "Dockerfile"), dir.Join("specs"))
		assert.NilError(t, err)
		tried := 0
		testscript.RunT(inside{t}, testscript.Params{
			Files: []string{path}, RequireExplicitExec: true,
			Setup: func(e *testscript.Env) error { e.Setenv("HERE", dir.Join("specs")); return nil },
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"executed": func(*testscript.TestScript, bool, []string) {},
				"build": func(ts *testscript.TestScript, _ bool, args []string) {
					tried++
					assert.DeepEqual(t, args[3:], []string{args[3], dir.Join("specs") + "/../" + folder})
					_, err := os.Stat(args[3])
					ts.Check(err)
				},
			},
		})
		assert.Equal(t, tried, 3, folder)
	}
}

// inside makes testscript run within a test, without a subtest.
type inside struct{ *testing.T }

func (q inside) Run(_ string, script func(testscript.T)) { script(q) }
func (q inside) Parallel()                               {}
func (q inside) Verbose() bool                           { return false }
