//go:build faults

package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"builders.test/helpers/claim"
	"builders.test/internal/run"
	"github.com/stretchr/testify/require"
)

// death is a way in which runs end too early.
type death struct {
	name string
	// under starts the run below something other than this test.
	under []string
	// of names the process that is killed: a program below the one that was started,
	// or that one itself if empty; "group" stands for all of them.
	of     string
	signal syscall.Signal
	// told reports whether the command lives long enough to write its report.
	told bool
}

var deaths = []death{
	{name: "Ctrl-C", of: "group", signal: syscall.SIGINT, told: true},
	{name: "kill -TERM of the command", signal: syscall.SIGTERM, told: true},
	{name: "kill -9 of the test process", of: testProcess, signal: syscall.SIGKILL, told: true},
	{name: "kill -9 of test2json", of: "test2json", signal: syscall.SIGKILL, told: true},
	{name: "kill -9 of the command", signal: syscall.SIGKILL},
	{name: "kill -9 of make", under: []string{"make", "-f", "-", "check"}, signal: syscall.SIGKILL},
	{name: "kill -9 of all", of: "group", signal: syscall.SIGKILL},
}

// testProcess is the program that proves the claims.
const testProcess = "specs.test"

// TestKills kills runs at random moments. KILLS says how many.
func TestKills(t *testing.T) {
	count, random := times(t, "KILLS", 50), seeded(t)
	var took []time.Duration
	survived := map[string]int{}
	for i := range count {
		d := deaths[i%len(deaths)]
		after := time.Duration(random.Int64N(int64(15 * time.Second)))
		t.Run(fmt.Sprintf("%02d %s after %.1fs", i, d.name, after.Seconds()), func(t *testing.T) {
			took = append(took, d.die(t, after))
			survived[d.name]++
		})
	}
	if len(took) > 0 {
		t.Logf("%d kills, %d clean; nothing left after %.1f s in the middle, %.1f s at most", count, len(took), median(took).Seconds(), slices.Max(took).Seconds())
	}
	for _, d := range deaths {
		t.Logf("%3d  %s", survived[d.name], d.name)
	}
}

func median(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// die starts a run, ends it, and returns how long it took until nothing was
// left of it.
func (d death) die(t *testing.T, after time.Duration) time.Duration {
	before := inventory(t)
	r := d.start(t)
	pid := r.await(t, d.of, after)
	require.NoError(t, syscall.Kill(pid, d.signal))
	killed := time.Now()
	code := r.wait(t)

	awaitClean(t, before)
	clean := time.Since(killed)
	require.LessOrEqual(t, clean, patience+r.WaitDelay, "it took long until nothing was left")
	require.FileExists(t, filepath.Join(r.out, run.Stream), "the evidence so far is not on the disk")
	if d.told {
		require.Equal(t, 2, code, r.said)
		requireTold(t, r)
	}
	if !d.told {
		// If the command itself was killed, the report stays as it was by then.
		if _, err := os.Stat(filepath.Join(r.out, "report.json")); err == nil {
			requireTold(t, r)
		}
	}
	return clean
}

// letGo lets a run go on for a time, or to its end if that comes first: the moment at
// which something happens to it is what is random.
func letGo(r *ran, on time.Duration) {
	moment := time.NewTimer(on)
	defer moment.Stop()
	select {
	case <-moment.C:
	case <-r.over:
	}
}

// requireTold requires the report to say what became of every claim.
func requireTold(t *testing.T, r *ran) {
	t.Helper()
	if !r.began(t) {
		// There is nothing to report, and the run said why.
		require.Regexp(t, "interrupted|ended early|killed", r.said.String())
		return
	}
	found := r.report(t)
	require.NotEqual(t, claim.Holds, found.Worst(), "a run that was killed is green")
	open := 0
	for _, one := range found.Claims {
		if one.Verdict == claim.Error {
			require.Regexp(t, "not reached|no verdict|interrupted|cut off|ended early|no longer|killed|gone", one.Reason, one.ID)
			open++
		}
		require.NotEqual(t, claim.Broken, one.Verdict, "%s: %s", one.ID, one.Reason)
	}
}

// began reports whether the proof of a claim had begun, as far as the run was told.
func (r *ran) began(t *testing.T) bool {
	t.Helper()
	stream, err := os.ReadFile(filepath.Join(r.out, run.Stream))
	require.NoError(t, err)
	return strings.Contains(string(stream), `"Key":"claim"`)
}

func (d death) start(t *testing.T) *ran {
	t.Helper()
	const choice = "builders,caching,cleanup,output"
	if d.under == nil {
		return check(t, "--run", choice)
	}
	command := exec.Command(d.under[0], d.under[1:]...)
	command.Dir, command.Env = root, inLab().Env
	command.Stdin = strings.NewReader(fmt.Sprintf("check:\n\t@%s check --buildkit %s --run '%s'\n", program, buildKit, strings.ReplaceAll(choice, "$", "$$")))
	return begin(t, command)
}

// await waits until the process is there and then for the given time.
func (r *ran) await(t *testing.T, of string, after time.Duration) int {
	t.Helper()
	await(t, time.Minute, func() string {
		if _, testing := descendants(r.Process.Pid)[testProcess]; !testing {
			return "the test process did not begin: " + r.said.String()
		}
		return ""
	})
	letGo(r, after)
	switch of {
	case "":
		return r.Process.Pid
	case "group":
		return -r.Process.Pid
	}
	pid, ok := descendants(r.Process.Pid)[of]
	require.True(t, ok, "there is no process %s", of)
	return pid
}
