package testbed

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRoundTrip(t *testing.T) {
	for name, bed := range map[string]Testbed{
		"nothing": {},
		"all": {
			Engines:  map[string]string{"containerd": "unix:///a.sock", "overlay2": "unix:///b.sock"},
			Mirror:   Mirror{Address: "127.0.0.1:5000", Push: "/push.sock", Registries: []string{"docker.io", "quay.io"}},
			StandIns: map[string]string{"ubuntu:20.04": "Debian"},
			Dive:     map[string]string{"v0.13.1": "/bin/dive"},
			Locks:    "/locks", Complete: true, KeepImages: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "testbed.json")
			require.NoError(t, bed.Write(path))
			t.Setenv(Variable, path)
			got, err := Given()
			require.NoError(t, err)
			require.Equal(t, bed, got)
		})
	}
}

func TestNoFileIsNothing(t *testing.T) {
	t.Setenv(Variable, "")
	got, err := Given()
	require.NoError(t, err)
	require.Equal(t, Testbed{}, got)
}

// The errors name the variable, the file and the key.
func TestReadIsStrict(t *testing.T) {
	for text, want := range map[string]string{
		`{"mirorr": {}}`:                       `unknown field "mirorr"`,
		`{"mirror": {"host": "a:1"}}`:          `unknown field "host"`,
		`{"mirror": "127.0.0.1:5000"}`:         "mirror",
		`{"mirror": {"address": "127.0.0.1"}}`: "mirror: the address has to be host:port",
		`{"engines": {"vfs": "unix://"}}`:      `engines: "vfs" is no image store; name one of containerd, overlay2`,
		`{"dive": {"v0.13.1": "dive"}}`:        "dive: the path of v0.13.1 is not absolute",
		`{} {}`:                                "more after the testbed",
		``:                                     "the file is empty",
		`nonsense`:                             "invalid character",
	} {
		path := filepath.Join(t.TempDir(), "testbed.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		t.Setenv(Variable, path)
		_, err := Given()
		require.ErrorContains(t, err, want, text)
		require.ErrorContains(t, err, Variable+": "+path, text)
	}
}

func TestAFileThatIsMissingIsAnError(t *testing.T) {
	t.Setenv(Variable, filepath.Join(t.TempDir(), "none.json"))
	_, err := Given()
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, Variable)
}

func TestAMirrorIsDockerHubsUnlessItSaysMore(t *testing.T) {
	require.Empty(t, Mirror{}.Mirrored())
	require.Equal(t, []string{"docker.io"}, Mirror{Address: "a:1"}.Mirrored())
	require.Equal(t, []string{"quay.io"}, Mirror{Address: "a:1", Registries: []string{"quay.io"}}.Mirrored())
}
