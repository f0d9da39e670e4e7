package scaffold

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"builders.test/helpers/script"
	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

// noBake is for projects without a bake file.
func noBake(context.Context, string, ...string) ([]byte, error) { panic("bake is not needed") }

// projectOf writes one of the projects in testdata/shapes.
func projectOf(t *testing.T, name string) string {
	t.Helper()
	archive, err := txtar.ParseFile(filepath.Join("testdata", "shapes", name+".txtar"))
	assert.NilError(t, err)
	files, err := txtar.FS(archive)
	assert.NilError(t, err)
	dir := filepath.Join(t.TempDir(), "project")
	assert.NilError(t, os.CopyFS(dir, files))
	return dir
}

// initiated returns the scripts for a shape, by their names.
func initiated(t *testing.T, name string) map[string]string {
	t.Helper()
	dir := projectOf(t, name)
	written, err := Init(t.Context(), dir, filepath.Join(dir, "specs"), noBake)
	assert.NilError(t, err)
	assert.Equal(t, len(written.Unread), 0)
	texts := map[string]string{}
	for _, path := range written.Files {
		content, err := os.ReadFile(path)
		assert.NilError(t, err)
		_, err = script.Read(path)
		assert.NilError(t, err)
		texts[strings.TrimSuffix(filepath.Base(path), script.Suffix)] = string(content)
	}
	return texts
}

func TestInit(t *testing.T) {
	for name, want := range map[string]map[string][]string{
		"plain":               {"project": {"# needs: amd64 arm64\n", "build --platform linux/arm64 -f $HERE/../Dockerfile $HERE/..\n", "! executed 'RUN '", "build --load -t $IMAGE -f $HERE/../Dockerfile", "config $IMAGE"}},
		"files-only":          {"project": {"build -o type=local,dest=$WORK/out -f", "exists $WORK/out/tool\n"}},
		"server":              {"project": {"listens on port 8080", "run -d=project $IMAGE\nask tcp://project:8080\n", "# ask http://project:8080/\n", "local-engine"}},
		"server-tcp":          {"project": {"ask tcp://project:7000\n"}},
		"context-above":       {"lint": {"-f $HERE/../build/docker/lint.Dockerfile $HERE/..\n", "# Is this the right context?"}, "test": {"-f $HERE/../build/docker/test.Dockerfile $HERE/..\n"}},
		"suffixes":            {"project": nil, "dev": nil},
		"services-each":       {"api": {"# claim: api builds"}, "web": {"# claim: web builds"}},
		"containerfile":       {"project": {"-f $HERE/../Containerfile"}},
		"arg-without-default": {"project": {"# A FROM needs the argument BASE"}},
		"distroless":          {"project": {"config $IMAGE"}},
	} {
		texts := initiated(t, name)
		assert.Equal(t, len(texts), len(want), name)
		for file, parts := range want {
			for _, part := range parts {
				assert.Assert(t, strings.Contains(texts[file], part), "%s: %s has no %q:\n%s", name, file, part, texts[file])
			}
		}
	}
}

func TestInitReplacesNothing(t *testing.T) {
	dir := projectOf(t, "services-each")
	specs := filepath.Join(dir, "specs")
	assert.NilError(t, os.MkdirAll(specs, 0o755))
	assert.NilError(t, os.WriteFile(filepath.Join(specs, "web.txtar"), []byte("mine"), 0o600))
	_, err := Init(t.Context(), dir, specs, noBake)
	assert.ErrorContains(t, err, "web.txtar already exists")
	assert.Assert(t, !exists(filepath.Join(specs, "api.txtar")), "half of the scripts were written")

	_, err = Init(t.Context(), filepath.Join(dir, "none"), specs, noBake)
	assert.ErrorContains(t, err, "init needs a Dockerfile")
	_, err = Init(t.Context(), t.TempDir(), specs, noBake)
	assert.ErrorIs(t, err, ErrNothing)
}

// TestPathsAreFound lets testscript read the scripts' words.
func TestPathsAreFound(t *testing.T) {
	for _, folder := range []string{"plain", "my app", "it's", "a'b c$HOME#d"} {
		dir := fs.NewDir(t, "root", fs.WithDir(folder, fs.WithFile("Dockerfile", "FROM busybox\n")))
		written, err := Init(t.Context(), dir.Join(folder, "Dockerfile"), dir.Join("specs"), noBake)
		assert.NilError(t, err)
		tried := 0
		nothing := func(*testscript.TestScript, bool, []string) {}
		testscript.RunT(inside{t}, testscript.Params{
			Files: written.Files, RequireExplicitExec: true,
			Setup: func(e *testscript.Env) error { e.Setenv("HERE", dir.Join("specs")); return nil },
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"executed": nothing, "image": nothing, "config": nothing, "json": nothing,
				"build": func(ts *testscript.TestScript, _ bool, args []string) {
					tried++
					file, context := args[len(args)-2], args[len(args)-1]
					assert.Equal(t, context, dir.Join("specs")+"/../"+folder)
					_, err := os.Stat(file)
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

// printed is a bake that says what it is asked for.
func printed(t *testing.T, plan string, want ...string) Printer {
	return func(_ context.Context, _ string, args ...string) ([]byte, error) {
		assert.DeepEqual(t, args, want)
		return []byte(plan), nil
	}
}

func TestBakeTargets(t *testing.T) {
	dir := projectOf(t, "bake-groups")
	p := project{root: dir, bake: printed(t, `{"target": {
		"app": {"context": ".", "dockerfile": "Dockerfile", "target": "app", "tags": ["a"], "cache-to": ["type=inline"]},
		"tool": {"context": ".", "dockerfile": "Dockerfile", "target": "tool", "output": ["./bin"], "platforms": ["linux/amd64", "linux/arm64"]}}}`,
		"-f", "docker-bake.hcl", "--print", "default", "app", "tool")}
	assert.NilError(t, p.search(t.Context()))
	assert.Equal(t, len(p.targets), 2, "the Dockerfile is the bake file's")
	app, err := p.targets[0].script(filepath.Join(dir, "specs"))
	assert.NilError(t, err)
	for _, line := range []string{
		"# claim: The target app builds and is cached the second time", "cd $HERE/..\n",
		"bake -f docker-bake.hcl --set app.cache-to= --set app.output=type=cacheonly app\n",
		"bake -f docker-bake.hcl --set app.cache-to= --set app.tags=$IMAGE --set app.output=type=docker app\n",
	} {
		assert.Assert(t, strings.Contains(app, line), "%q is not in\n%s", line, app)
	}
	tool, err := p.targets[1].script(filepath.Join(dir, "specs"))
	assert.NilError(t, err)
	for _, line := range []string{
		"bake -f docker-bake.hcl --set tool.platform=linux/arm64 --set tool.output=type=cacheonly tool\n",
		"bake -f docker-bake.hcl --set tool.platform=linux/amd64 --set tool.output=type=local,dest=$WORK/out tool\n", "exists $WORK/out/version\n",
	} {
		assert.Assert(t, strings.Contains(tool, line), "%q is not in\n%s", line, tool)
	}
}

func TestWhatIsMeantToBeBuilt(t *testing.T) {
	for name, want := range map[string][]string{
		"bake-metadata-action": {"app-all"},
		"bake-matrix":          {"app"},
		"bake-inline":          {"base", "app"},
		"monorepo":             {"default", "one", "two"},
	} {
		got, err := namesIn(filepath.Join(projectOf(t, name), "docker-bake.hcl"))
		assert.NilError(t, err)
		assert.DeepEqual(t, got, want)
	}
	got, err := namesIn(filepath.Join(projectOf(t, "bake-json"), "docker-bake.json"))
	assert.NilError(t, err)
	assert.DeepEqual(t, got, []string{"default", "app"})
}

func TestServices(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(projectOf(t, "compose-several"), "docker-compose.yml"))
	assert.NilError(t, err)
	services, err := servicesIn(content)
	assert.NilError(t, err)
	assert.DeepEqual(t, services["api"].ports, []string{"7000"})
	assert.DeepEqual(t, services["worker"].needs, []string{"api"})

	services, err = servicesIn([]byte("services:\n  a:\n    build: .\n    ports: ['127.0.0.1:80:8080/tcp', '9000-9001', '53:53/udp', {target: 7}]\n    environment: {A: 1, B: '$X', C: }\n    volumes: ['.:/x']\n    command: run\n  b: {image: x}\n"))
	assert.NilError(t, err)
	assert.Equal(t, len(services), 1)
	assert.DeepEqual(t, services["a"].ports, []string{"8080", "7"})
	assert.DeepEqual(t, services["a"].env, []string{"A=1"})
	assert.DeepEqual(t, services["a"].needs, []string{"volumes"})
	assert.Assert(t, services["a"].command)
}

func TestPinned(t *testing.T) {
	assert.Equal(t, Pinned(projectOf(t, "monorepo")), "v0.25.2")
	assert.Equal(t, Pinned(projectOf(t, "plain")), "")
}
