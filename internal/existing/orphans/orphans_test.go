package orphans

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gotest.tools/v3/golden"
)

// Records that buildx v0.38.2 wrote.
const (
	one   = `{"Name":"one","Driver":"docker-container","Nodes":[{"Name":"one0","Endpoint":"default","Platforms":null,"DriverOpts":null,"Flags":["--allow-insecure-entitlement=network.host"],"Files":null}],"Dynamic":false}`
	far   = `{"Name":"far","Driver":"docker-container","Nodes":[{"Name":"far0","Endpoint":"ssh://me@far","Platforms":null,"DriverOpts":null,"Flags":null,"Files":null}],"Dynamic":false}`
	never = `{"Name":"never","Driver":"docker-container","Nodes":[{"Name":"never0","Endpoint":"default","Platforms":null,"DriverOpts":null,"Flags":null,"Files":null}],"Dynamic":false}`
	tcp   = `{"Name":"tcp","Driver":"remote","Nodes":[{"Name":"tcp0","Endpoint":"tcp://10.0.0.1:1234","Platforms":null,"DriverOpts":null,"Flags":null,"Files":null}],"Dynamic":false}`
)

func recordsOf(t *testing.T, texts map[string]string) []Record {
	t.Helper()
	config := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(config, "instances"), 0o700))
	for name, text := range texts {
		require.NoError(t, os.WriteFile(filepath.Join(config, "instances", name), []byte(text), 0o600))
	}
	records, err := Records(config)
	require.NoError(t, err)
	return records
}

func TestFind(t *testing.T) {
	records := recordsOf(t, map[string]string{"one": one, "far": far, "never": never, "tcp": tcp, "cut": one[:40]})
	engine := Engine{
		Names: []string{"unix:///var/run/docker.sock", "default"},
		Containers: []Container{
			{Name: "buildx_buildkit_one0", State: "running"},
			{Name: "buildx_buildkit_lost0", State: "exited", Bytes: 12},
			{Name: "buildx_buildkit_builders-0a1b2c3d-rm-10", State: "running"},
		},
		Volumes: []Volume{
			{Name: "buildx_buildkit_one0_state", Bytes: 1 << 20, Used: true},
			{Name: "buildx_buildkit_lost0_state", Bytes: 1 << 30, Used: true},
			{Name: "buildx_buildkit_gone0_state", Bytes: -1},
			{Name: "buildx_buildkit_builders-0a1b2c3d-rm-10_state", Bytes: 5},
		},
	}
	found, elsewhere := Find(engine, records)
	require.Equal(t, 1, elsewhere)
	var out strings.Builder
	for i := range found {
		// A folder of the test's own.
		found[i].Remove = strings.ReplaceAll(found[i].Remove, filepath.Dir(filepath.Dir(records[0].File)), "/home/me/.docker/buildx")
	}
	require.NoError(t, Listing{Config: "/home/me/.docker/buildx", Orphans: found, Elsewhere: elsewhere}.Write(&out))
	golden.Assert(t, out.String(), "listing.txt")
}

// Kept state is not an orphan: the builder starts from it again.
func TestStateOfARecordedBuilderIsKept(t *testing.T) {
	records := recordsOf(t, map[string]string{"one": one})
	engine := Engine{Names: []string{"default"}, Volumes: []Volume{{Name: "buildx_buildkit_one0_state"}}}
	found, _ := Find(engine, records)
	require.Empty(t, found)
}

func TestNoConfigurationHasNoRecords(t *testing.T) {
	records, err := Records(t.TempDir())
	require.NoError(t, err)
	require.Empty(t, records)
}
