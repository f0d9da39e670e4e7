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
