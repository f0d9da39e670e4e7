package script

import (
	"testing"

	"builders.test/helpers/builder"
	"builders.test/helpers/cli"
	"builders.test/helpers/subject"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

func TestNamesThatACommandGives(t *testing.T) {
	r := &runner{}
	for _, tc := range []struct{ args, want []string }{
		{[]string{"buildx", "build", "--load", "-t", "user/a:1", "--tag=user/b", "."}, []string{"user/a:1", "user/b"}},
		{[]string{"buildx", "--builder", "x", "build", "-o", `type=docker,name=a`, "."}, []string{"a"}},
		{[]string{"run", "--rm", "busybox", "build"}, nil},
		{[]string{"buildx", "build", "-o", `type=docker,"name=a,b:2",dest=x`, "."}, []string{"a", "b:2"}},
		{[]string{"build", "-t", "a", "."}, []string{"a"}},
		{[]string{"image", "build", "-t", "a", "."}, []string{"a"}},
		{[]string{"tag", "a", "b"}, nil}, // the relay sees it
		{[]string{"buildx", "ls"}, nil},
		{[]string{"version"}, nil},
		{[]string{"buildx"}, nil},
		{nil, nil},
	} {
		assert.DeepEqual(t, r.makes(cli.Config{}, tc.args).names, tc.want)
	}
}

func TestNamesInWhatBakePrints(t *testing.T) {
	plan := `{"group": {"default": {"targets": ["a", "b"]}}, "target": {
		"a": {"tags": ["user/a:1", "user/a:2"], "output": [{"type": "docker", "name": "user/a:3,user/a:4"}]},
		"b": {"output": ["type=image,name=user/b", "type=docker"]}}}`
	assert.DeepEqual(t, readPlan([]byte(plan)).names, []string{"user/a:1", "user/a:2", "user/a:3", "user/a:4", "user/b"})
	assert.Equal(t, len(readPlan([]byte("no plan")).names), 0)
}

func TestNamesAsTheEngineListsThem(t *testing.T) {
	for name, want := range map[string]string{
		"user/app": "user/app:latest", "docker.io/library/busybox:1": "busybox:1", "127.0.0.1:5/a:b": "127.0.0.1:5/a:b",
		"busybox@sha256:06df8d109bb2fc0eab9a4f2aa56c93711ccb4972305328e19fcaab115de74718": "", "UPPER": "", "": "",
	} {
		assert.Equal(t, familiar(name), want, name)
	}
}

func TestNamesInCommands(t *testing.T) {
	source := []byte("# claim: alpine:3 is fine\nexec docker buildx build -o type=docker,name=user/out:1 -t 'user/app' .\n-- Dockerfile --\nFROM busybox\n")
	for name, want := range map[string]bool{"user/app:latest": true, "user/out:1": true, "user/app:2": false, "busybox:latest": false, "alpine:3": false} {
		assert.Equal(t, commanded(source, name), want, name)
	}
}

func TestChangedVariables(t *testing.T) {
	environ := "A=1\x00B=two\nlines\x00EMPTY=\x00PWD=/x\x00SHLVL=1\x00"
	assert.DeepEqual(t, changed([]string{"A=1", "B=0", "PWD=/"}, environ), []string{"B=two\nlines", "EMPTY="})
}

// The current builder is the one that buildx has recorded, however it was set.
func TestTheBuilderInUse(t *testing.T) {
	dir := fs.NewDir(t, "home", fs.WithDir("instances", fs.WithFile("own", `{"Name":"own","Driver":"docker-container"}`), fs.WithFile("far", `{"Driver":"remote"}`)),
		fs.WithFile("current", `{"Key":"unix:///s","Name":"own"}`))
	one := &builder.Builder{Name: "builders-1-one-1"}
	r := &runner{config: cli.Config{Dir: dir.Path()}, builders: map[string]*builder.Builder{"one": one}}
	use := func(name string) { fs.Apply(t, dir, fs.WithFile("current", `{"Key":"unix:///s","Name":"`+name+`"}`)) }

	assert.Equal(t, r.used().Name, "own")
	use("far")
	assert.Equal(t, r.used().Driver, subject.DriverRemote)
	use("removed")
	assert.Assert(t, r.used() == nil)
	use(one.Name)
	assert.Equal(t, r.used(), one)
	r.current = one
	assert.Assert(t, r.used() == nil)
	use("")
	assert.Equal(t, r.used().Driver, subject.DriverDocker)
	r.config.Dir = t.TempDir()
	assert.Assert(t, r.used() == nil)
}

func TestWhetherTheSubjectTookPart(t *testing.T) {
	made := map[string]*builder.Builder{"one": {Name: "one"}}
	for _, tc := range []struct {
		r     *runner
		built []string
		want  string
	}{
		{&runner{}, nil, "the script neither built anything nor made a builder"},
		{&runner{builders: made}, nil, ""},
		{&runner{builders: made}, []string{"default", "one"}, ""},
		{&runner{}, []string{"theirs"}, ""},
		{&runner{builders: made, pinned: map[string]string{"one": "moby/buildkit:v0.30.0"}}, []string{"one"}, "the script built on moby/buildkit:v0.30.0"},
		{&runner{pinned: map[string]string{"one": "a"}}, []string{"one", "two"}, ""},
	} {
		tc.r.config.Dir = t.TempDir()
		assert.Equal(t, tc.r.absence(tc.built), tc.want)
	}
}

func TestNamesInExecLines(t *testing.T) {
	const source = "# claim: a\n" +
		"exec docker buildx build --load -t users/a:1 --tag=users/b .\n" +
		"[amd64] ! exec docker image tag users/a:1 users/c\n" +
		"exec docker buildx build -t $APP -o type=docker,name=users/d:2 .\n" +
		"exec echo docker -t users/e\n" +
		"-- file --\nexec docker tag users/a users/f\n"
	assert.DeepEqual(t, namesExecuted([]byte(source)), []string{"users/a:1", "users/b", "users/d:2"})
}
