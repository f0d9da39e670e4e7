package janitor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"builders.test/helpers/env"
	"github.com/moby/sys/mountinfo"
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
	require.Empty(t, d.Faults)
	require.Equal(t, "container buildx_buildkit_team0 is not as it was, image busybox:latest is not as it was, "+
		"volume nobody's appeared, volume data is gone", join(d.Beside))
	require.Zero(t, before.Since(before, mine))
	require.Zero(t, before.Since(before, ""), "what is nobody's is no run's")
	require.Equal(t, "container buildx_buildkit_team0 is not as it was, volume nobody's appeared, volume data is gone",
		join(d.Without([]string{"busybox:latest"}).Beside), "what others have borrowed is theirs to give back")
}

// TestTheTable checks the table in the package documentation, row by row.
func TestTheTable(t *testing.T) {
	for _, row := range []struct {
		kind                    string
		gone, changed, appeared judgement
	}{
		{"container", note, note, note},
		{"volume", note, nothing, note},
		{"network", note, nothing, note},
		{"image", note, note, nothing},
		{"docker configuration", fault, fault, note},
		{"docker context", fault, fault, note},
		{"builder", fault, fault, note},
		{"choice of builder", fault, fault, note},
		{"emulator", note, note, nothing},
		{"mount", note, nothing, nothing},
	} {
		t.Run(row.kind, func(t *testing.T) {
			for run, want := range map[string]struct{ gone, changed, appeared judgement }{
				"":     {row.gone, row.changed, row.appeared},
				theirs: {},
				mine:   {appeared: fault, changed: fault},
			} {
				is, other := Object{Kind: row.kind, Name: "x", ID: "x", Run: run}, Object{Kind: row.kind, Name: "x", ID: "x", Run: run, State: "other"}
				require.Equal(t, want.gone, judged(Inventory{}.Since(Inventory{is}, mine)), "gone, of %q", run)
				require.Equal(t, want.appeared, judged(Inventory{is}.Since(nil, mine)), "appeared, of %q", run)
				if row.changed != nothing {
					require.Equal(t, want.changed, judged(Inventory{is}.Since(Inventory{other}, mine)), "changed, of %q", run)
				}
			}
		})
	}
}

// judged returns what a run makes of a difference.
func judged(d Difference) judgement {
	switch {
	case d.Err() != nil:
		return fault
	case d.Note() != "":
		return note
	}
	return nothing
}

func TestWhatARunSays(t *testing.T) {
	d := Difference{
		Left:   []Object{{Kind: "volume", Name: "ours"}, {Kind: "image", Name: "ours, too"}},
		Faults: []Change{{Object{Kind: "builder", Name: "team"}, gone}},
	}
	require.EqualError(t, d.Err(), "the run left volume ours, image ours, too\n"+
		"since the run began, builder team is gone; unless you did it, report it to the authors of the specs")
	require.Empty(t, d.Note())
	for range 7 {
		d.Beside = append(d.Beside, Change{Object{Kind: "volume", Name: "v"}, gone})
	}
	d.Beside = append(d.Beside, Change{Object{Kind: "volume", Name: "w"}, appeared}, Change{Object{Kind: "network", Name: "n"}, appeared})
	require.Equal(t, "since the run began, "+strings.Repeat("volume v is gone, ", 5)+
		"2 more like these, 1 × network appeared, 1 × volume appeared; nothing shows that the run did it, so another user may have", d.Note())
}

func TestVolumesWithoutANameGoWithTheirContainers(t *testing.T) {
	const nameless = "c2c1000000000000000000000000000000000000000000000000000000000000"
	here := withChildren(Inventory{
		{Kind: "container", Name: "registry", Run: theirs, uses: []string{nameless, "data"}},
		{Kind: "volume", Name: nameless, ID: nameless},
		{Kind: "volume", Name: "data", ID: "data"},
	})
	require.Equal(t, theirs, here[1].Run)
	require.Empty(t, here[2].Run, "a volume with a name is whose it was")
	require.Empty(t, Inventory{}.Since(here[1:2], mine), "another run's volume is gone with its container")
	require.Len(t, here[:2].Since(nil, theirs).Left, 2, "what a run's container uses is the run's to remove")
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
		binfmt: root + "/binfmt", processes: root + "/proc", mounts: mounts(
			mountinfo.Info{Root: "/", Mountpoint: "/", FSType: "ext4"},
			mountinfo.Info{Root: "/cache/engine", Mountpoint: "/cache/engine", FSType: "ext4"},
			mountinfo.Info{Root: "/", Mountpoint: "/var/lib/docker/overlay2/x/merged", FSType: "overlay"},
			mountinfo.Info{Root: "/", Mountpoint: os.TempDir() + "/" + env.Prefix + mine + "/disk", FSType: "tmpfs"},
		),
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
	objects, err := m.objects()

	require.NoError(t, err)
	var all []string
	for _, object := range objects {
		line := object.String()
		if object.Run != "" {
			line += " of " + object.Run
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

	before, err := m.objects()
	require.NoError(t, err)
	write(t, root+"/docker/buildx/current", "another")
	after, err := m.objects()
	require.NoError(t, err)
	require.ErrorContains(t, Inventory(after).Since(before, theirs).Err(), "choice of builder "+root+"/docker/buildx/current is not as it was")
}

func mounts(all ...mountinfo.Info) func(mountinfo.FilterFunc) ([]*mountinfo.Info, error) {
	return func(mountinfo.FilterFunc) (found []*mountinfo.Info, err error) {
		for _, one := range all {
			found = append(found, &one)
		}
		return found, nil
	}
}

func TestWhatIsNotThereIsNothing(t *testing.T) {
	unknown := func(mountinfo.FilterFunc) ([]*mountinfo.Info, error) { return nil, os.ErrNotExist }
	t.Setenv("TMPDIR", t.TempDir())
	objects, err := machine{docker: []string{"/missing"}, buildx: []string{"/missing"}, binfmt: "/missing", processes: "/missing", mounts: unknown}.objects()
	require.NoError(t, err)
	require.Empty(t, objects)
}
