package testbed

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
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
		`{"mirorr": {}}`:                                  `"mirorr" is not a key; the keys are engines, mirror, mirror.address, mirror.push, mirror.registries, standIns,`,
		`{"mirror": {"host": "a:1"}}`:                     `"host" is not a key`,
		`{"mirror": "127.0.0.1:5000"}`:                    `mirror has to look like {"address": "127.0.0.1:5000"}`,
		`{"mirror": {"address": 5000}}`:                   `mirror.address has to look like "127.0.0.1:5000"`,
		`{"mirror": {"registries": "a"}}`:                 `mirror.registries has to look like ["docker.io"]`,
		`{"engines": {"containerd": 5}}`:                  `engines has to look like {"containerd": "unix:///var/run/docker.sock"}`,
		`{"complete": "yes"}`:                             `complete has to look like true`,
		`[]`:                                              `the file has to look like {"mirror": {"address": "127.0.0.1:5000"}}`,
		`{"mirror": {"address": "127.0.0.1"}}`:            `mirror.address has to be host:port, such as 127.0.0.1:5000, not "127.0.0.1"`,
		`{"mirror": {"address": ":5000"}}`:                "mirror.address has to be host:port",
		`{"mirror": {"address": "a:"}}`:                   "mirror.address has to be host:port",
		`{"mirror": {"address": "a:http"}}`:               "mirror.address has to be host:port",
		`{"mirror": {"address": "http://a:5000"}}`:        "mirror.address has to be host:port",
		`{"mirror": {"push": "/run/push.sock"}}`:          "mirror.address has to be host:port",
		`{"mirror": {"address": "a:1", "push": "p"}}`:     "mirror.push: the path is not absolute: p",
		`{"locks": "here"}`:                               "locks: the path is not absolute: here",
		`{"engines": {"vfs": "unix://"}}`:                 `engines: "vfs" is no image store; name one of containerd, overlay2`,
		`{"engines": {"containerd": "/a.sock"}}`:          `engines.containerd: "/a.sock" is no endpoint`,
		`{"dive": {"v0.13.1": "dive"}}`:                   "dive: the path of v0.13.1 is not absolute",
		`null`:                                            "the file is null",
		`{"mirror": {"address": null}}`:                   "mirror.address is null",
		`{"mirror": {"registries": [null]}}`:              "mirror.registries is null",
		"{}\n{}":                                          "line 2: invalid character '{' after top-level value",
		``:                                                "the file is empty",
		"\n":                                              "the file is empty",
		`nonsense`:                                        "line 1: invalid character",
		"{\n\"complete\": true,\n\"locks\" \"/locks\"\n}": "line 3: invalid character",
		"{\n\"complete\": true":                           "line 2: unexpected end of JSON input",
	} {
		path := filepath.Join(t.TempDir(), "testbed.json")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		t.Setenv(Variable, path)
		_, err := Given()
		require.ErrorContains(t, err, want, text)
		require.ErrorContains(t, err, Variable+": "+path, text)
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(Variable, filepath.Join(dir, "none.json"))
	_, err := Given()
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, Variable)
	require.ErrorContains(t, err, "write it, or unset BUILDERS_TESTBED")

	fifo := filepath.Join(dir, "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	for _, path := range []string{fifo, dir} {
		t.Setenv(Variable, path)
		_, err = Given()
		require.EqualError(t, err, Variable+": "+path+" is not a regular file")
	}
}

func TestProgramsHaveToBeThere(t *testing.T) {
	t.Setenv(Variable, "/testbed.json")
	program := filepath.Join(t.TempDir(), "dive")
	bed := Testbed{Dive: map[string]string{"v0.13.1": program}}
	want := Variable + ": /testbed.json, dive: v0.13.1 is not an executable file: " + program
	require.EqualError(t, bed.CheckPrograms(), want)
	require.NoError(t, os.WriteFile(program, nil, 0o600))
	require.EqualError(t, bed.CheckPrograms(), want)
	require.NoError(t, os.Chmod(program, 0o700))
	require.NoError(t, bed.CheckPrograms())
}

// TestEveryKeyIsKnown compares the keys that errors name with the fields.
func TestEveryKeyIsKnown(t *testing.T) {
	var fields, named []string
	for field := range reflect.TypeFor[Testbed]().Fields() {
		key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields = append(fields, key)
		if field.Type.Kind() == reflect.Struct {
			for inner := range field.Type.Fields() {
				sub, _, _ := strings.Cut(inner.Tag.Get("json"), ",")
				fields = append(fields, key+"."+sub)
			}
		}
	}
	for _, key := range keys {
		named = append(named, key[0])
	}
	require.Equal(t, fields, named)
}

func TestAMirrorIsDockerHubsUnlessItSaysMore(t *testing.T) {
	require.Empty(t, Mirror{}.Mirrored())
	require.Equal(t, []string{"docker.io"}, Mirror{Address: "a:1"}.Mirrored())
	require.Equal(t, []string{"quay.io"}, Mirror{Address: "a:1", Registries: []string{"quay.io"}}.Mirrored())
}
