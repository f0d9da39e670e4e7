package env

import (
	"path/filepath"
	"testing"

	"builders.test/helpers/internal/toyengine"
	"builders.test/helpers/testbed"
	"github.com/stretchr/testify/require"
)

func TestReachNamesTheKeyOfAnEngineThatDoesNotAnswer(t *testing.T) {
	own, other := toyengine.New(t), toyengine.New(t)
	path := filepath.Join(t.TempDir(), "testbed.json")
	t.Setenv(testbed.Variable, path)
	describe := func(engines map[string]string) {
		require.NoError(t, testbed.Testbed{Engines: engines}.Write(path))
	}

	describe(map[string]string{"containerd": own.Host, "overlay2": other.Host})
	engines, err := Reach(t.Context(), own.Host)
	require.NoError(t, err)
	require.Len(t, engines, 2, "the engine that is named twice counts once")

	describe(map[string]string{"containerd": "unix:///nowhere.sock", "overlay2": other.Host})
	engines, err = Reach(t.Context(), own.Host)
	require.EqualError(t, err, "BUILDERS_TESTBED: "+path+", engines.containerd: no Docker Engine answers at unix:///nowhere.sock; start that engine, or correct or remove the key")
	require.Len(t, engines, 2, "the others are reached")

	t.Setenv(testbed.Variable, path+".none")
	engines, err = Reach(t.Context(), "unix:///nowhere.sock", own.Host)
	require.ErrorContains(t, err, "no Docker Engine answers at unix:///nowhere.sock")
	require.ErrorContains(t, err, "BUILDERS_TESTBED")
	require.Len(t, engines, 1)
}
