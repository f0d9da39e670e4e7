package janitor

import (
	"os"
	"path/filepath"
	"testing"

	"builders.test/helpers/env"
	"builders.test/helpers/undo"
	"github.com/gofrs/flock"
	"github.com/stretchr/testify/require"
)

// TestProberOf checks who owns a container without a name that several runs may
// have made: a live run must not lose it to a dead one.
func TestProberOf(t *testing.T) {
	const one, two, dead = "00000001", "00000002", "00000003"
	for name, tc := range map[string]struct {
		live, dead []string
		want       string
	}{
		"nobody's":                 {nil, nil, ""},
		"that of the only one":     {[]string{one}, nil, one},
		"that of a dead one":       {nil, []string{dead}, dead},
		"one goes on, one is dead": {[]string{one}, []string{dead}, one},
		"two go on":                {[]string{one, two}, []string{dead}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			for _, run := range append(tc.live, tc.dead...) {
				dir := filepath.Join(os.TempDir(), env.Prefix+run)
				_, err := undo.NewLog(dir).Write("image-tag", "", map[string]string{"Ref": "moby/buildkit:latest"})
				require.NoError(t, err)
			}
			for _, run := range tc.live {
				held, err := flock.New(env.LockFile(filepath.Join(os.TempDir(), env.Prefix+run))).TryLock()
				require.NoError(t, err)
				require.True(t, held)
			}
			require.Equal(t, tc.want, proberOf("moby/buildkit:latest"))
			require.Empty(t, proberOf("busybox"))
		})
	}
}

func TestAProbeIsNoFault(t *testing.T) {
	probe := Object{Kind: "container", Name: "happy_name", ID: "1", Run: mine, probe: true}
	require.Equal(t, note, judged(Inventory{probe}.Since(nil, mine)))
}
