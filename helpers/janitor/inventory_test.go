package janitor

import (
	"os"
	"path/filepath"
	"testing"

	"builders.test/helpers/env"
	"github.com/stretchr/testify/require"
)

const mine, theirs = "0a1b2c3d", "99999999"

func TestSince(t *testing.T) {
	before := Inventory{
		{Kind: "container", Name: "web", ID: "1"},
		{Kind: "container", Name: "buildx_buildkit_team0", ID: "2", State: "running"},
		{Kind: "image", Name: "busybox:latest", ID: "busybox:latest", State: "sha256:1"},
		{Kind: "volume", Name: "data", ID: "data"},
		{Kind: "volume", Name: "other run's", ID: "other", Run: theirs},
	}
	after := Inventory{
		{Kind: "container", Name: "web", ID: "1"},
		{Kind: "container", Name: "buildx_buildkit_team0", ID: "2", State: "exited"},
		{Kind: "image", Name: "busybox:latest", ID: "busybox:latest", State: "sha256:2"},
		{Kind: "volume", Name: "ours", ID: "ours", Run: mine},
		{Kind: "volume", Name: "nobody's", ID: "nobody"},
		{Kind: "volume", Name: "other run's, too", ID: "too", Run: theirs},
		{Kind: "mount", Name: "/media/stick", ID: "/media/stick"},
	}
	d := after.Since(before, mine)
	require.Equal(t, "volume ours", join(d.Left))
	require.Equal(t, "container buildx_buildkit_team0, image busybox:latest", join(d.Changed))
	require.Equal(t, "volume data", join(d.Gone))
	require.Equal(t, "volume nobody's", join(d.New))
	require.NoError(t, before.Since(before, mine).Err(Company{}))
	require.NoError(t, before.Since(before, "").Err(Company{}), "what is nobody's is no run's")
}

func TestErrKnowsTheCompany(t *testing.T) {
	d := Difference{
		Left:    []Thing{{Kind: "volume", Name: "ours"}, {Kind: "image", Name: "ours, too"}},
		Gone:    []Thing{{Kind: "volume", Name: "data"}, {Kind: "image", Name: "busybox"}},
		Changed: []Thing{{Kind: "image", Name: "moved"}},
		New:     []Thing{{Kind: "network", Name: "new"}, {Kind: "image", Name: "sha256:1"}},
	}
	const left = "the run left volume ours, image ours, too; `builders clean` removes that\nvolume data"
	const images = ", image busybox was there before the run and is gone\nimage moved is not as it was before the run"
	require.EqualError(t, d.Err(Company{}), left+images+"\nnetwork new appeared during the run and carries no run's id")
	require.EqualError(t, d.Err(Company{Users: true}), left+images)
	require.EqualError(t, d.Err(Company{Runs: true}), left+" was there before the run and is gone")
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func TestTheMachinesThings(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	root := t.TempDir()
	m := machine{
		docker: []string{root + "/docker"}, buildx: []string{root + "/docker/buildx"},
		binfmt: root + "/binfmt", mounts: root + "/mountinfo", processes: root + "/proc",
	}
	write(t, root+"/docker/config.json", "{}")
	write(t, root+"/docker/contexts/meta/abc/meta.json", "{}")
	write(t, root+"/docker/buildx/instances/team", "{}")
	write(t, root+"/docker/buildx/instances/"+env.Prefix+mine+"-x-1", "{}")
	write(t, root+"/docker/buildx/current", "team")
	write(t, root+"/binfmt/qemu-aarch64", "enabled")
	write(t, root+"/binfmt/register", "")
	write(t, root+"/binfmt/status", "enabled")
	write(t, root+"/binfmt/builders-aarch64-0123abcd", "enabled")
	write(t, root+"/proc/12/environ", "PATH=/bin\x00BUILDERS_RUN="+mine+"\x00")
	write(t, root+"/proc/12/comm", "docker\n")
	write(t, root+"/proc/13/environ", "PATH=/bin\x00")
	write(t, root+"/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda rw\n"+
		"4 1 8:1 /cache/engine /cache/engine rw - ext4 /dev/sda rw\n"+
		"2 1 0:5 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n"+
		"3 1 0:6 / "+os.TempDir()+"/"+env.Prefix+mine+"/disk rw - tmpfs tmpfs rw\nno mount\n")

	things, err := m.things()

	require.NoError(t, err)
	var all []string
	for _, thing := range things {
		line := thing.String()
		if thing.Run != "" {
			line += " of " + thing.Run
		}
		all = append(all, line)
	}
	require.ElementsMatch(t, []string{
		"docker configuration " + root + "/docker/config.json",
		"docker context " + root + "/docker/contexts/meta/abc/meta.json",
		"builder " + root + "/docker/buildx/instances/team",
		"builder " + root + "/docker/buildx/instances/" + env.Prefix + mine + "-x-1 of " + mine,
		"choice of builder " + root + "/docker/buildx/current",
		"emulator " + root + "/binfmt/qemu-aarch64",
		"mount /",
		"mount " + os.TempDir() + "/" + env.Prefix + mine + "/disk of " + mine,
		"process 12 (docker) of " + mine,
	}, all)

	before, err := m.things()
	require.NoError(t, err)
	write(t, root+"/docker/buildx/current", "another")
	after, err := m.things()
	require.NoError(t, err)
	require.ErrorContains(t, Inventory(after).Since(before, theirs).Err(Company{Users: true}), "choice of builder "+root+"/docker/buildx/current is not as it was before the run")
}

func TestWhatIsNotThereIsNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	things, err := machine{docker: []string{"/missing"}, buildx: []string{"/missing"}, binfmt: "/missing", mounts: "/missing", processes: "/missing"}.things()
	require.NoError(t, err)
	require.Empty(t, things)
}
