//go:build faults && linux

package faults

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"builders.test/helpers/claim"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// byTheClock is a claim that holds only while the clock is right. Its process is
// found by how long it sleeps.
const byTheClock = `# claim: Time passes as the clock says
build .
-- Dockerfile --
FROM busybox
RUN a=$(date +%s); sleep 20.0625; b=$(date +%s); test $((b-a)) -ge 0 && test $((b-a)) -lt 600
`

var jumps = []time.Duration{2 * time.Hour, -2 * time.Hour}

// TestTheClockJumpsInABuild sets this machine's clock during a claim that relies
// on it.
func TestTheClockJumpsInABuild(t *testing.T) {
	scripts := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(scripts, "clock.txtar"), []byte(byTheClock), 0o600))
	for _, by := range jumps {
		t.Run(by.String(), func(t *testing.T) {
			r := check(t, "--specs", scripts)
			await(t, time.Minute, func() string {
				if asleep(t) {
					return ""
				}
				return "the build does not get to its step"
			})
			jump(t, by)
			requireErrors(t, r)
			require.Contains(t, r.report(t).Claims[0].Reason, "the clock of this machine jumped")
		})
	}
	requireGreen(t)
}

// TestTheClockJumps sets this machine's clock in the middle of a run: that may
// turn claims into errors, but must not break any.
func TestTheClockJumps(t *testing.T) {
	for _, by := range jumps {
		t.Run(by.String(), func(t *testing.T) {
			r := midway(t, "--run", "builders,caching,cleanup")
			jump(t, by)
			require.NotEqual(t, 1, r.wait(t), "something is called broken: %s", r.said)
			held := 0
			for _, one := range r.report(t).Claims {
				require.NotEqual(t, claim.Broken, one.Verdict, "%s is called broken: %s", one.ID, one.Reason)
				if one.Verdict == claim.Holds {
					held++
				}
			}
			t.Logf("%d of %d claims hold all the same", held, len(r.report(t).Claims))
		})
	}
}

func asleep(t *testing.T) bool {
	t.Helper()
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, path := range processes {
		if line, err := os.ReadFile(path); err == nil && string(line) == "sleep\x0020.0625\x00" {
			return true
		}
	}
	return false
}

// jump sets the clock until the test ends. It measures what passes meanwhile with
// the monotonic clock, so that the clock is right afterwards.
func jump(t *testing.T, by time.Duration) {
	t.Helper()
	began := time.Now()
	set(t, began.Add(by))
	t.Cleanup(func() { set(t, began.Add(time.Since(began))) })
}

func set(t *testing.T, to time.Time) {
	t.Helper()
	at := unix.NsecToTimespec(to.UnixNano())
	require.NoError(t, unix.ClockSettime(unix.CLOCK_REALTIME, &at), "setting the clock needs CAP_SYS_TIME")
}
