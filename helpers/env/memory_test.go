package env

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWhatAnImageSaidIsRememberedUntilTheEngineStartsAgain(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	const host, start, image = "unix:///run/docker.sock", "bridge-1", "sha256:aa"
	said := versions{Version: "v0.34.2", Runc: "1.4.1"}

	_, known := memoryOf(host, start).of(image)
	require.False(t, known)
	memoryOf(host, start).keep(image, said)
	memoryOf(host, start).keep("sha256:bb", versions{Version: "v0.11.5", Runc: "1.1.5"})
	found, known := memoryOf(host, start).of(image)
	require.True(t, known)
	require.Equal(t, said, found)

	for name, other := range map[string]memory{
		"another engine": memoryOf("tcp://elsewhere:2375", start),
		"another start":  memoryOf(host, "bridge-2"),
		"unknown start":  memoryOf(host, ""),
	} {
		_, known := other.of(image)
		require.False(t, known, name)
	}
	memoryOf(host, "bridge-2").keep("sha256:cc", said)
	_, known = memoryOf(host, start).of(image)
	require.False(t, known, "what was learned before the engine started again is forgotten")
	memoryOf(host, "").keep(image, said)
	_, known = memoryOf(host, "").of(image)
	require.False(t, known)
}

func TestAMemoryThatCannotBeReadIsNone(t *testing.T) {
	caches := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", caches)
	memoryOf("unix:///x", "1").keep("sha256:aa", versions{Version: "v0.34.2"})
	_, known := memoryOf("unix:///x", "1").of("sha256:aa")
	require.False(t, known, "half an answer is none")

	files, err := filepath.Glob(filepath.Join(caches, "builders", "versions-*.json"))
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.NoError(t, os.WriteFile(files[0], []byte("{"), 0o600))
	_, known = memoryOf("unix:///x", "1").of("sha256:aa")
	require.False(t, known)

	require.NoError(t, os.Chmod(filepath.Join(caches, "builders"), 0o777))
	require.Empty(t, memoryOf("unix:///x", "1").file, "others may have written it")
}

func TestAPlatformIsRememberedWithItsEmulators(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	const host, start = "unix:///run/docker.sock", "bridge-1"
	memoryOf(host, start).keepPlatform("linux/arm64", "one")
	memoryOf(host, start).keep("sha256:aa", versions{Version: "v0.34.2", Runc: "1.4.1"})
	require.True(t, memoryOf(host, start).executes("linux/arm64", "one"))
	require.False(t, memoryOf(host, start).executes("linux/arm64", "another"))
	require.False(t, memoryOf(host, start).executes("linux/s390x", "one"))
	require.False(t, memoryOf(host, "bridge-2").executes("linux/arm64", "one"))
	memoryOf(host, start).keepPlatform("linux/riscv64", "")
	require.False(t, memoryOf(host, start).executes("linux/riscv64", ""), "emulators of another machine are unknown")
}

func TestEmulatorsAreTheirRegistrations(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	write("qemu-aarch64", "enabled\ninterpreter /usr/bin/qemu-aarch64-static\nflags: PF\n")
	write("status", "enabled\n")
	write("register", "")
	is := emulators(folder)
	require.NotEmpty(t, is)
	write("register", "x")
	require.Equal(t, is, emulators(folder))
	write("status", "disabled\n")
	require.NotEqual(t, is, emulators(folder))
	require.Empty(t, emulators(filepath.Join(folder, "nothing")))
}

func TestWhatARunReliesOnIsRunWhenItsEnvironmentIsProbed(t *testing.T) {
	fails, ran := filepath.Join(t.TempDir(), "fails"), filepath.Join(t.TempDir(), "ran")
	e := New()
	e.Docker = filepath.Join(t.TempDir(), "docker")
	script := "#!/bin/sh\necho run >>" + ran + "\n[ ! -e " + fails + " ] || { echo not permitted >&2; exit 1; }\n" +
		"echo buildkitd github.com/moby/buildkit v0.34.2 abc\necho runc version 1.4.1\n"
	require.NoError(t, os.WriteFile(e.Docker, []byte(script), 0o700))
	require.NoError(t, e.runsBuilders(t.Context()))
	require.NoFileExists(t, ran, "it has run while the environment was opened")

	e.unseen.Store(true)
	require.NoError(t, os.WriteFile(fails, nil, 0o600))
	require.ErrorContains(t, e.runsBuilders(t.Context()), "does not run as a builder on the engine")
	require.ErrorContains(t, e.runsBuilders(t.Context()), "not permitted", "it is asked until it runs")
	require.NoError(t, os.Remove(fails))
	for range 2 {
		require.NoError(t, e.runsBuilders(t.Context()))
	}
	said, err := os.ReadFile(ran)
	require.NoError(t, err)
	require.Equal(t, "run\nrun\nrun\n", string(said))
}
