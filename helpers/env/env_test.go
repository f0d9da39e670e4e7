package env

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"builders.test/helpers/subject"
	"builders.test/helpers/testbed"
	"github.com/stretchr/testify/require"
)

func TestImageOf(t *testing.T) {
	for buildkit, want := range map[string]string{
		"v0.11.5":                        "moby/buildkit:v0.11.5",
		"0.34.2":                         "moby/buildkit:v0.34.2",
		"v0.35.0-rc1":                    "moby/buildkit:v0.35.0-rc1",
		"latest":                         "moby/buildkit:latest",
		"a/b:c":                          "a/b:c",
		"host:5000/bk":                   "host:5000/bk:latest",
		"docker.io/moby/buildkit:master": "moby/buildkit:master",
	} {
		got, err := subject.ImageOf(buildkit)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestImageOfRefuses(t *testing.T) {
	for _, buildkit := range []string{"0.11", "v0.11", "vv0.11.5", "newest", "a/UPPER", "a b/c", "x@sha256:short"} {
		_, err := subject.ImageOf(buildkit)
		require.ErrorContains(t, err, "BUILDKIT="+buildkit)
	}
}

func TestVersionsOutOfWhatProgramsPrint(t *testing.T) {
	version, err := ParseBuildKitVersion("buildkitd github.com/moby/buildkit v0.11.5 252ae63\nrunc version 1.1.4\n")
	require.NoError(t, err)
	require.Equal(t, "v0.11.5", version)

	version, err = parseBuildxVersion("github.com/docker/buildx v0.38.2 1a2b3c\n")
	require.NoError(t, err)
	require.Equal(t, "v0.38.2", version)

	_, err = parseBuildxVersion("docker: 'buildx' is not a docker command.")
	require.ErrorContains(t, err, "has no version")
}

func TestParsePluginPath(t *testing.T) {
	path, err := parsePluginPath(`[{"Name":"compose","Path":"/c"},{"Name":"buildx","Path":"/b"}]`)
	require.NoError(t, err)
	require.Equal(t, "/b", path)
	_, err = parsePluginPath(`null`)
	require.ErrorContains(t, err, "no plugin called buildx")
}

func TestDescribeBinfmt(t *testing.T) {
	const entry = "enabled\ninterpreter /opt/qemu-aarch64-static\nflags: PF\noffset 0\nmagic 7f45\n"
	require.Equal(t, "qemu-aarch64-static, flags PF", describeBinfmt(entry))
	require.Empty(t, describeBinfmt("disabled\n"))
}

func TestEnvironLeavesNothingOfTheUsersThatSteers(t *testing.T) {
	t.Setenv("BUILDX_BUILDER", "theirs")
	t.Setenv("DOCKER_CONTEXT", "theirs")
	t.Setenv("BUILDX_METADATA_PROVENANCE", "max")
	t.Setenv("KEPT", "yes")
	e := &Environment{Run: "0a1b2c3d", Dir: "/run-dir", Engine: Engine{Host: "unix:///s"}}
	environ := e.Environ("BUILDX_CONFIG=/x")
	require.NotContains(t, environ, "BUILDX_BUILDER=theirs")
	require.NotContains(t, environ, "DOCKER_CONTEXT=theirs")
	require.Contains(t, environ, "KEPT=yes")
	require.Contains(t, environ, "DOCKER_HOST=unix:///s")
	require.Contains(t, environ, "BUILDX_CONFIG=/x")
	require.Contains(t, environ, "BUILDERS_RUN=0a1b2c3d")
	require.Contains(t, environ, "BUILDX_METADATA_PROVENANCE=disabled", "buildx asks for a build's record, which may not be there yet")
}

func TestNamesCarryTheRun(t *testing.T) {
	e := &Environment{Run: "0a1b2c3d", counter: new(atomic.Int64)}
	first, second := e.Name("arch"), e.Name("arch")
	require.NotEqual(t, first, second)
	require.Contains(t, first, "builders-0a1b2c3d-arch-")
	require.False(t, IsShared("buildx_buildkit_"+first+"0"))
	require.True(t, IsShared("buildx_buildkit_"+e.SharedName()+"0_state"))
}

func TestSharedIsMadeOnce(t *testing.T) {
	e := &Environment{shared: map[string]*once{}}
	made := 0
	construct := func() (int, error) { made++; return made, nil }
	for range 3 {
		value, err := Shared(e, "key", construct)
		require.NoError(t, err)
		require.Equal(t, 1, value)
	}
	_, err := Shared(e, "other", func() (int, error) { return 0, errors.New("no") })
	require.EqualError(t, err, "no")
}

func TestSettings(t *testing.T) {
	out := filepath.Join(t.TempDir(), "with space", "ü")
	t.Setenv("OUT", out)
	t.Setenv("BUILDKIT", "")
	bed := testbed.Testbed{StandIns: map[string]string{"ubuntu:20.04": "Debian"}}
	path := filepath.Join(t.TempDir(), "testbed.json")
	require.NoError(t, bed.Write(path))
	t.Setenv(testbed.Variable, path)
	s, err := readSettings(nil)
	require.NoError(t, err)
	require.Equal(t, subject.DefaultBuildKit, s.buildkit)
	require.Equal(t, out, s.out)
	require.DirExists(t, out)
	require.Equal(t, bed, s.testbed)

	require.NoError(t, os.WriteFile(path, []byte(`{"standins": "nonsense"}`), 0o600))
	_, err = readSettings(nil)
	require.ErrorContains(t, err, "BUILDERS_TESTBED: "+path)

	t.Setenv(testbed.Variable, "")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	t.Setenv("OUT", filepath.Join(file, "below"))
	_, err = readSettings(nil)
	require.ErrorContains(t, err, "name a writable folder")
}

func TestLastLine(t *testing.T) {
	require.Equal(t, "real reason", lastLine("noise\nreal reason\n\nRun 'docker run --help' for more information\n"))
	require.Empty(t, lastLine("\n"))
}

func TestCompanionIsAnother(t *testing.T) {
	for _, version := range append(slices.Clone(Companions), "v0.20.0", "dev") {
		e := &Environment{BuildKit: subject.BuildKit{Version: version}}
		ref, other := e.Companion()
		require.NotEqual(t, version, other)
		require.Equal(t, "moby/buildkit:"+other, ref)
	}
}

func FuzzImageOf(f *testing.F) {
	f.Add("v0.11.5")
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := subject.ImageOf(text)
		require.True(t, err != nil || ref != "")
	})
}

func TestTheReproLineCanBePasted(t *testing.T) {
	e := &Environment{Driver: subject.DriverRemote, Testbed: testbed.Testbed{Engines: map[string]string{subject.StoreOverlay2: "unix:///s"}}, Specs: "/my own/it's here", Engine: Engine{Store: subject.StoreOverlay2}}
	e.settings.buildkit, e.settings.buildx, e.settings.repro = "v0.34.2", "/opt/new buildx/docker-buildx", goTest
	require.Equal(t, `BUILDKIT=v0.34.2 BUILDX='/opt/new buildx/docker-buildx' DRIVER=remote SPECS='/my own/it'\''s here' `+
		`go test -count=1 -run '^TestSpecs$/^app$' builders.test/helpers/env`, e.Repro("own/app", "TestSpecs/app"))
	require.Contains(t, e.Repro("own/a+b.c", "TestSpecs/a+b.c"), `-run '^TestSpecs$/^a\+b\.c$' `)
	var again Again
	e.settings.repro = func(a Again) string { again = a; return "" }
	e.Repro("own/app", "TestSpecs/app")
	require.Equal(t, Again{"own/app", "TestSpecs/app", "v0.34.2", "/opt/new buildx/docker-buildx", "remote", "overlay2", "/my own/it's here"}, again)
}
