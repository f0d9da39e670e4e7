package spec

import (
	"os"
	"path/filepath"
	"testing"

	"builders.test/helpers/claim"
	"builders.test/helpers/env"
	"github.com/stretchr/testify/require"
)

// TestTheFilesOfAFailedClaimStay has a claim without a builder: its folder alone
// makes the run's folder stay.
func TestTheFilesOfAFailedClaimStay(t *testing.T) {
	for name, tc := range map[string]struct {
		keep, failed bool
		number       int
		stays        bool
	}{
		"it failed":             {true, true, 1, true},
		"it held":               {true, false, 1, false},
		"nothing is to be kept": {false, true, 1, false},
		"it failed again":       {true, true, 2, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			e := env.New()
			e.Run, e.Keep = "0a1b2c3d", tc.keep
			e.Dir = filepath.Join(os.TempDir(), env.Prefix+e.Run)
			require.NoError(t, os.Mkdir(e.Dir, 0o700))
			try := &T{TB: t, Env: e, Claim: claim.Claim{ID: "files/x"}, proof: &proof{}, number: tc.number}
			dir := try.TempDir()
			if tc.failed {
				try.Fail()
			}
			try.cleanUp()
			if !tc.stays {
				require.NoDirExists(t, dir)
				require.Empty(t, env.KeptBy(e.Run))
				return
			}
			require.DirExists(t, dir)
			want := []env.Kept{{Claim: "x", Look: "ls -l " + dir}}
			require.Equal(t, want, env.KeptBy(e.Run))
			try.keepSomething()
			require.Equal(t, want, env.KeptBy(e.Run), "something was kept already")
			try.Claim.ID = "files/exported"
			try.keepSomething()
			require.Equal(t, append(want, env.Kept{Claim: "exported", Look: "ls -l " + e.Dir}), env.KeptBy(e.Run))
		})
	}
}
