package check

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"builders.test/helpers/testbed"
	"builders.test/internal/check/exit"
	"builders.test/internal/plan"
	"builders.test/internal/report"
	"builders.test/lab"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
	"gotest.tools/v3/fs"
)

// toyClaims is how many claims the toy module has. Its specs behave as the
// variable TOY says.
const toyClaims = 7

// said is what a command left behind.
type said struct {
	code        int
	out, errors string
}

// inToy changes into a copy of the toy module, in a mood, with a docker command
// that reaches an engine.
func inToy(t *testing.T, mood string) *toy {
	t.Helper()
	module := fs.NewDir(t, "toy", fs.FromDir("../run/testdata/toy"))
	bin := fs.NewDir(t, "bin", fs.WithFile("docker",
		"#!/bin/sh\ncase $1 in version) echo 29.1.0;; context) echo default 0 unix:///fake.sock;; info) echo overlay2 [];; esac\n", fs.WithMode(0o755)))
	t.Chdir(module.Path())
	for name, value := range map[string]string{
		"TOY": mood, "GOWORK": "off", "GOFLAGS": "-mod=mod",
		"PATH":        bin.Path() + string(os.PathListSeparator) + os.Getenv("PATH"),
		"DOCKER_HOST": "", "GITHUB_STEP_SUMMARY": "",
		testbed.Variable: fs.NewFile(t, "testbed", fs.WithContent(`{"standIns": {"ubuntu:20.04": "Debian bookworm"}}`)).Path(),
	} {
		t.Setenv(name, value)
	}
	return &toy{
		Workspace{
			Module: "toy.test", Stderr: os.Stderr,
			OpenLab: func(io.Writer) (Laboratory, error) { return nil, errors.New("the lab was opened") },
		},
		Request{Cell: plan.Cell{BuildKit: "v0.11.5"}, Out: filepath.Join("build", "check")},
	}
}

// toy is a check of the toy module.
type toy struct {
	Workspace
	Request
}

// do runs the check as the command would.
func do(ctx context.Context, c *toy) said {
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	code := exit.Say(ctx, Check{c.Workspace, c.Request}.Run(ctx), &errs)
	return said{code: code, out: out.String(), errors: errs.String()}
}

func TestCheckHolds(t *testing.T) {
	c := inToy(t, "")
	got := do(t.Context(), c)
	assert.Equal(t, got.code, exit.Holds, "%s%s", got.out, got.errors)
	assert.Equal(t, got.errors, "")
	for _, want := range []string{
		"engine     29.1.0 at unix:///fake.sock, which was already running\n\n",
		"– not applicable    0.0 s  builders    `--platform` marks the preferred ones\n",
		"stand-in   ubuntu:20.04: Debian bookworm\n",
		"6 hold, 0 broken, 0 error, 1 not applicable · ",
		" s · BuildKit v0.11.5, buildx v0.38.2, engine 29.0.0 (containerd store), kernel 6.1.0\n",
		"report     build/check/report.json\n",
		"\n6 passed, 0 failed, 1 skipped\n",
	} {
		assert.Assert(t, cmp.Contains(got.out, want))
	}
	// How long that takes depends on the machine.
	assert.Assert(t, cmp.Regexp(`✓ holds +\d+\.\d s  builders    both builders print the host's architecture\n`, got.out))
	r, err := report.Read("build/check/report.json")
	assert.NilError(t, err)
	assert.Assert(t, cmp.Len(r.Claims, toyClaims))
	assert.Equal(t, r.Claims[6].ID, "processor/prints")
}

func TestCheckBroken(t *testing.T) {
	got := do(t.Context(), inToy(t, "broken"))
	assert.Equal(t, got.code, exit.Broken)
	assert.Equal(t, got.errors, "", "the summary has said it")
	assert.Assert(t, cmp.Contains(got.out, "build/check/evidence/caching/third\n"))
	assert.Assert(t, strings.HasSuffix(got.out, "\n5 passed, 1 failed, 1 skipped\n"))
}

func TestCheckCrashIsAnError(t *testing.T) {
	got := do(t.Context(), inToy(t, "kill"))
	assert.Equal(t, got.code, exit.Environment)
	assert.Equal(t, got.errors, "builders: the test process ended early: signal: killed\n")
	assert.Assert(t, cmp.Contains(got.out, "! 1 claim was not reached: the test process ended early: signal: killed\n"))
	r, err := report.Read("build/check/report.json")
	assert.NilError(t, err)
	assert.Equal(t, r.Claims[6].Reason, "not reached: the test process ended early: signal: killed")
	assert.Equal(t, r.Claims[6].Repro, "make check BUILDKIT=v0.11.5 RUN=processor/prints")
}

func TestCheckWithoutAnOpenEnvironment(t *testing.T) {
	got := do(t.Context(), inToy(t, "main"))
	assert.Equal(t, got.code, exit.Environment)
	assert.Equal(t, got.errors, "builders: no Docker Engine answers at unix:///var/run/docker.sock; start Docker\n")
	_, err := os.Stat("build/check/report.json")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestCheckWithSpecsThatDoNotCompile(t *testing.T) {
	c := inToy(t, "")
	assert.NilError(t, os.WriteFile("bad_test.go", []byte("//go:build integration\n\npackage toy\n\nvar _ = nowhere\n"), 0o644))
	got := do(t.Context(), c)
	assert.Equal(t, got.code, exit.Environment)
	assert.Assert(t, cmp.Contains(got.errors, "./bad_test.go:5:9: undefined: nowhere\n"))
	assert.Assert(t, cmp.Contains(got.errors, "builders: the specs do not compile; the lines above say why\n"))
}

func TestCheckThatCleansUpBadlyIsNotGreen(t *testing.T) {
	got := do(t.Context(), inToy(t, "leak"))
	assert.Equal(t, got.code, exit.Environment)
	assert.Equal(t, got.errors, "builders: 1 container was left behind\n")
	assert.Assert(t, cmp.Contains(got.out, "6 hold, 0 broken, 0 error, 1 not applicable"))
}

func TestCheckTellsAChaptersOwnFailure(t *testing.T) {
	got := do(t.Context(), inToy(t, "chapter"))
	assert.Equal(t, got.code, exit.Environment)
	assert.Assert(t, cmp.Contains(got.out, "! TestCaching failed outside of its claims\n"))
	assert.Assert(t, cmp.Contains(got.out, "! 3 claims were not reached: their chapter failed first\n"))
}

func TestCheckRefusesBeforeAnythingIsTouched(t *testing.T) {
	source := fs.NewDir(t, "tree", fs.WithFile("go.mod", "module github.com/moby/buildkit\n"))
	for name, tc := range map[string]struct {
		change func(*toy)
		want   string
	}{
		"elsewhere":    {func(c *toy) { c.Module = "builders.test" }, "the specs are in the folder of the module builders.test"},
		"uses nothing": {func(c *toy) { c.Choice.Uses = "." }, "USES=.: .: no Dockerfile, bake file, compose file, workflow or script that builds"},
		"guarded by none": {func(c *toy) {
			assert.NilError(t, os.WriteFile("build.sh", []byte("docker buildx imagetools create --append a\n"), 0o600))
			c.Choice.Uses = "build.sh"
		}, "USES=build.sh: no chosen claim guards what it uses; `builders uses build.sh` lists that"},
		"no such claim":     {func(c *toy) { c.Choice.Run = "caching/nothing" }, "RUN=caching/nothing: caching/nothing is not a chapter, a claim's id or a matching glob of ids"},
		"no such BuildKit":  {func(c *toy) { c.Cell.BuildKit = "newest" }, "BUILDKIT=newest is neither a release"},
		"no such buildx":    {func(c *toy) { c.Cell.Buildx = "newest" }, "BUILDX=newest is neither a release"},
		"no such driver":    {func(c *toy) { c.Cell.Driver = "podman" }, "DRIVER=podman is none of docker-container, docker, remote"},
		"no such store":     {func(c *toy) { c.Cell.Store = "vfs" }, "STORE=vfs is none of containerd, overlay2"},
		"another store":     {func(c *toy) { c.Cell.Store = "containerd" }, "STORE=containerd: the engine at unix:///fake.sock has the overlay2 store; leave STORE out"},
		"an impossible OUT": {func(c *toy) { c.Out = "go.mod/x" }, "OUT=go.mod/x cannot be created"},
		"source, own engine": {
			func(c *toy) { c.Cell.BuildKit = source.Path() },
			"is a source tree, which only the lab can build for now, but the engine at unix:///fake.sock would be used",
		},
		"the lab fails": {func(c *toy) { c.Cell.Buildx = "v0.20.0" }, "the lab was opened"},
	} {
		t.Run(name, func(t *testing.T) {
			c := inToy(t, "")
			tc.change(c)
			got := do(t.Context(), c)
			assert.Equal(t, got.code, exit.Environment)
			assert.Assert(t, cmp.Contains(got.errors, "builders: "))
			assert.Assert(t, cmp.Contains(got.errors, tc.want))
			assert.Equal(t, strings.Count(got.errors, "\n"), 1)
			assert.Equal(t, got.out, "")
		})
	}
}

func TestAFolderIsForOneRunAtATime(t *testing.T) {
	c := inToy(t, "")
	taken, err := take(c.Out, nil)
	assert.NilError(t, err)
	got := do(t.Context(), c)
	assert.Equal(t, got.code, exit.Environment)
	assert.Equal(t, got.errors, "builders: OUT="+c.Out+" is in use by another run; wait for it or name another folder\n")
	taken.free()
	assert.Equal(t, do(t.Context(), c).code, exit.Holds)
}

func TestCheckInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	got := do(ctx, inToy(t, ""))
	assert.Equal(t, got.code, exit.Environment)
	assert.Equal(t, got.errors, "builders: interrupted\n")
}

// fakeLab records what is asked of it.
type fakeLab struct{ asked []string }

func (l *fakeLab) Up(_ context.Context, wanted lab.Wanted) error {
	l.asked = append(l.asked, "up "+strings.Join(wanted.BuildKits, ","))
	return nil
}

func (l *fakeLab) EnsureBuildKit(_ context.Context, release string) error {
	l.asked = append(l.asked, "ensure "+release)
	return nil
}

func (l *fakeLab) Source(context.Context, string) (string, error) { return "", nil }

func (l *fakeLab) BuildKitFromSource(_ context.Context, dir string, _ ...string) (string, error) {
	l.asked = append(l.asked, "source "+filepath.Base(dir))
	return "moby/buildkit:src-012345678901", nil
}

func (l *fakeLab) Buildx(_ context.Context, release string) (string, error) {
	l.asked = append(l.asked, "buildx "+release)
	return "/cache/buildx", nil
}

func (l *fakeLab) Compose(context.Context) error {
	l.asked = append(l.asked, "compose")
	return nil
}

func (l *fakeLab) Access(store string) (testbed.Access, error) {
	bed := testbed.Testbed{StandIns: map[string]string{"a": "b"}}
	return testbed.Access{DockerHost: "unix:///run/lab" + store + ".sock", Testbed: bed, File: l.TestbedFile()}, nil
}

func (l *fakeLab) TestbedFile() string { return "/cache/testbed.json" }

// testbed returns what the check takes place on.
func (c *toy) testbed(t *testing.T) (preparedTestbed, error) {
	t.Helper()
	asked, err := c.parse()
	assert.NilError(t, err)
	return Project{Workspace: c.Workspace}.findTestbed(t.Context(), asked, Watch{})
}

func TestTheLabIsTheTestbed(t *testing.T) {
	tree := fs.NewDir(t, "tree", fs.WithFile("go.mod", "module github.com/moby/buildkit\n"))
	for name, tc := range map[string]struct {
		buildkit, buildx         string
		asked                    []string
		wantBuildKit, wantBuildx string
	}{
		"a release":   {"0.16.0", "", []string{"up v0.16.0"}, "v0.16.0", ""},
		"an image":    {"moby/buildkit:v0.16.0", "", []string{"up v0.16.0"}, "moby/buildkit:v0.16.0", ""},
		"latest":      {"latest", "", []string{"up "}, "latest", ""},
		"source":      {tree.Path(), "", []string{"up ", "source " + filepath.Base(tree.Path())}, "moby/buildkit:src-012345678901", ""},
		"with buildx": {"v0.11.5", "v0.20.0", []string{"up v0.11.5", "buildx v0.20.0"}, "v0.11.5", "/cache/buildx"},
	} {
		t.Run(name, func(t *testing.T) {
			c := inToy(t, "")
			// The variables of `builders lab env` are set.
			t.Setenv(testbed.Variable, "/cache/testbed.json")
			lab := &fakeLab{}
			c.OpenLab = func(io.Writer) (Laboratory, error) { return lab, nil }
			c.Cell = plan.Cell{BuildKit: tc.buildkit, Buildx: tc.buildx}
			got, err := c.testbed(t)
			assert.NilError(t, err)
			assert.DeepEqual(t, lab.asked, tc.asked)
			assert.Equal(t, got.about, "the lab's, at unix:///run/lab.sock")
			assert.Equal(t, got.buildkit, tc.wantBuildKit)
			assert.Equal(t, got.buildx, tc.wantBuildx)
			assert.DeepEqual(t, got.standIns, map[string]string{"a": "b"})
		})
	}
}

func TestTheLabsEngineHasTheChosenStore(t *testing.T) {
	c := inToy(t, "")
	t.Setenv(testbed.Variable, "/cache/testbed.json")
	c.OpenLab = func(io.Writer) (Laboratory, error) { return &fakeLab{}, nil }
	c.Cell = plan.Cell{BuildKit: "latest", Driver: "docker", Store: "overlay2"}
	got, err := c.testbed(t)
	assert.NilError(t, err)
	assert.Equal(t, got.about, "the lab's, at unix:///run/laboverlay2.sock")
	for _, want := range []string{"DOCKER_HOST=unix:///run/laboverlay2.sock", "DRIVER=docker", "STORE=overlay2", "BUILDERS_TESTBED=/cache/testbed.json"} {
		assert.Assert(t, cmp.Contains(got.environ(c.variables("", "/out")), want))
	}
}

func TestReprosNameTheCell(t *testing.T) {
	c := inToy(t, "kill")
	c.Cell.Driver, c.Cell.Store = "docker-container", "overlay2"
	got := do(t.Context(), c)
	assert.Equal(t, got.code, exit.Environment)
	r, err := report.Read("build/check/report.json")
	assert.NilError(t, err)
	assert.Equal(t, r.Claims[6].Repro, "make check BUILDKIT=v0.11.5 RUN=processor/prints DRIVER=docker-container STORE=overlay2")
}

func TestEnviron(t *testing.T) {
	for name, value := range map[string]string{
		"BUILDX": "v0.20.0", "BUILDKIT": "../tree", "DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_CONTEXT": "mine", "KEPT": "yes",
	} {
		t.Setenv(name, value)
	}
	in := preparedTestbed{buildkit: "v0.11.5", lab: &testbed.Access{DockerHost: "unix:///run/lab.sock"}}
	variables := map[string]string{}
	for _, kv := range in.environ(Request{}.variables("", "/out")) {
		name, value, _ := strings.Cut(kv, "=")
		variables[name] = value
	}
	assert.Equal(t, variables["BUILDKIT"], "v0.11.5")
	assert.Equal(t, variables["OUT"], "/out")
	assert.Equal(t, variables["DOCKER_HOST"], "unix:///run/lab.sock")
	assert.Equal(t, variables["KEPT"], "yes")
	for _, gone := range []string{"BUILDX", "DOCKER_CONTEXT"} {
		_, ok := variables[gone]
		assert.Assert(t, !ok, gone)
	}
}

func content(t *testing.T, parts ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(parts...))
	assert.NilError(t, err)
	return string(text)
}

func TestCheckLeavesReportsForPeopleAndMachines(t *testing.T) {
	c := inToy(t, "broken")
	t.Setenv("GITHUB_STEP_SUMMARY", "summary.md")
	assert.NilError(t, os.WriteFile("summary.md", []byte("before\n"), 0o644))
	got := do(t.Context(), c)
	assert.Equal(t, got.code, exit.Broken)
	assert.Assert(t, cmp.Contains(got.out, "report     build/check/report.html\n"))
	const headline = "1 of 7 claims is broken on BuildKit v0.11.5"
	assert.Assert(t, cmp.Contains(content(t, c.Out, report.Page), headline))
	assert.Assert(t, cmp.Contains(content(t, c.Out, report.JUnit), `tests="7" failures="1" skipped="1"`))
	assert.Assert(t, cmp.Contains(content(t, "summary.md"), "before\n### ✗ "+headline+"\n"))
}

func TestAReportThatCannotBeWrittenChangesNoVerdict(t *testing.T) {
	c := inToy(t, "")
	t.Setenv("GITHUB_STEP_SUMMARY", "no/such/folder/summary.md")
	got := do(t.Context(), c)
	assert.Equal(t, got.code, exit.Holds)
	assert.Assert(t, cmp.Contains(got.out, "write the job's summary"))
	assert.Assert(t, cmp.Contains(got.out, "check GITHUB_STEP_SUMMARY"))
}

// A spec that died could not say this itself: the line must lead to the same
// claim of the same book on the same subject.
func TestTheLineOfASpecThatDiedCanBePasted(t *testing.T) {
	r := Request{Cell: plan.Cell{BuildKit: "v0.34.2", Buildx: "/new buildx/docker-buildx", Driver: "remote", Store: "overlay2"}}
	writer := scribe{out: t.TempDir(), again: r.again("/it's mine")}
	all := writer.complete([]report.Claim{{ID: "mine/app"}})
	assert.Equal(t, all[0].Repro, `make check BUILDKIT=v0.34.2 RUN=mine/app BUILDX='/new buildx/docker-buildx' `+
		`SPECS='/it'\''s mine' DRIVER=remote STORE=overlay2`)
}

func TestTheLabMakesAheadWhatIsNamed(t *testing.T) {
	lab := &fakeLab{}
	w := Workspace{OpenLab: func(io.Writer) (Laboratory, error) { return lab, nil }}
	ahead := w.Prefetch(t.Context(), "latest", "nonsense!", "0.16.0")
	ahead.Stop()
	assert.Assert(t, cmp.Len(lab.asked, 0), "nothing was started")

	ahead = w.Prefetch(t.Context(), "latest", "nonsense!", "0.16.0")
	ahead.Start()
	ahead.Start()
	ahead.group.Wait()
	ahead.Stop()
	assert.DeepEqual(t, lab.asked, []string{"ensure v0.16.0"})
}
