//go:build faults

package rehearsal

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"builders.test/helpers/claim"
	"builders.test/internal/report"
	"builders.test/internal/versions"
	"builders.test/lab"
	"builders.test/lab/gobuild"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/poll"
)

// root is the project's folder.
const root = "../.."

// everything is all chapters but ffmpeg, whose builds install Debian packages: that
// needs Debian's archive, and images with apt, which the lab's have not.
const everything = "builders,buildkit,caching,cleanup,drivers,frontend,images,output,processor,shape"

// some is for what changes little about most claims.
const some = "builders,caching,cleanup,output/push,output/load,processor/one-index"

// cell is one world and what is tested in it.
type cell struct {
	name string
	// about completes "the user …".
	about      string
	conditions Conditions
	run        string
	// prepare changes the world, and during does so once some claims hold.
	prepare func(*testing.T, *World)
	during  func(*testing.T, *World)
	// lacks are the needs that nothing meets there.
	lacks []string
	// fails reports whether the world is at fault: claims are errors then.
	fails bool
}

// Needs that a user's own engine does not meet: nothing describes a mirror or dive,
// and who is not root may not read dockerd's program file.
var (
	usual        = []string{"mirror", "dive", "engine-program", "compose"}
	onContainerd = append(slices.Clone(usual), "overlay2-store")
	onOverlay2   = append(slices.Clone(usual), "containerd-store")
	elsewhere    = append(slices.Clone(onContainerd), "local-engine")
	notEmulating = append(slices.Clone(onContainerd), "arm64", "emulated-arm64")
	jane         = Account{User: "jane", Password: "correct horse"}
)

var cells = []cell{
	{name: "hub", about: "has an engine and nothing else", run: everything, lacks: onContainerd},
	{name: "overlay2", about: "has an engine with the overlay2 store", conditions: Conditions{Store: "overlay2"}, run: everything, lacks: onOverlay2},
	{
		name: "docker-28", about: "has docker " + versions.OldEngine, conditions: Conditions{Dockerd: gobuild.OldDockerd()},
		run: everything, lacks: onContainerd,
	},
	{name: "checkout", about: "cannot write to the project's folder, which is root's", conditions: Conditions{Checkout: Roots}, run: some, lacks: onContainerd},
	{name: "proxy", about: "reaches registries through a proxy only", conditions: Conditions{Way: Proxied}, run: everything, lacks: onContainerd},
	{name: "ssh", about: "reaches the engine with a docker context over ssh", conditions: Conditions{Reach: OverSSH}, run: everything, lacks: elsewhere},
	{name: "tls", about: "reaches the engine with a docker context over TLS", conditions: Conditions{Reach: OverTLS}, run: everything, lacks: elsewhere},
	{
		name: "account", about: "is logged in at Docker Hub, which lets nobody else pull", conditions: Conditions{Account: jane},
		run: some, lacks: onContainerd,
		prepare: func(_ *testing.T, w *World) { w.Hub.Limit(0) },
	},
	{
		name: "rate-limit", about: "is not logged in and may pull three images", run: some, lacks: onContainerd, fails: true,
		prepare: func(_ *testing.T, w *World) { w.Hub.Limit(3) },
	},
	{
		name: "hub-gone", about: "loses the registries in the middle", run: some, lacks: onContainerd, fails: true,
		during: func(t *testing.T, w *World) { require.NoError(t, w.Lose()) },
	},
	{
		name: "killed", about: "reaches the engine over ssh, and something kills the test process in the middle (-9)",
		conditions: Conditions{Reach: OverSSH}, run: some, lacks: elsewhere, fails: true,
		during: func(t *testing.T, _ *World) { kill(t) },
	},
	{name: "no-emulation", about: "has no emulation of arm64", run: everything, lacks: notEmulating, prepare: func(t *testing.T, _ *World) { stopEmulation(t) }},
}

// TestRehearsal runs the specs as users have them, and writes a table of what became of
// the claims. WORLDS names cells, separated by commas: the other rows of the table stay as
// they are. RUN names claims; then the table stays.
func TestRehearsal(t *testing.T) {
	l, err := lab.Open(lab.Options{Progress: os.Stderr})
	require.NoError(t, err)
	require.NoError(t, l.Up(t.Context(), lab.Wanted{}))
	chosen := strings.FieldsFunc(os.Getenv("WORLDS"), func(r rune) bool { return r == ',' || r == ' ' })
	for _, c := range cells {
		if len(chosen) > 0 && !slices.Contains(chosen, c.name) {
			continue
		}
		if run := os.Getenv("RUN"); run != "" {
			c.run = run
		}
		t.Run(c.name, func(t *testing.T) {
			r := c.rehearse(t, l)
			if os.Getenv("RUN") == "" && !t.Failed() {
				keep(t, c.name, r)
			}
		})
	}
}

// result is what became of the claims in a cell.
type result struct {
	Holds   int    `json:"holds"`
	Missing string `json:"missing"`
	Error   int    `json:"error"`
	Broken  int    `json:"broken"`
	Seconds int    `json:"seconds"`
	Date    string `json:"date"`
}

// keep notes the result of a cell and writes the table of all.
func keep(t *testing.T, name string, r result) {
	t.Helper()
	path := filepath.Join(root, "docs", "results", "rehearsal.json")
	all := map[string]result{}
	if content, err := os.ReadFile(path); err == nil {
		require.NoError(t, json.Unmarshal(content, &all))
	}
	all[name] = r
	encoded, err := json.MarshalIndent(all, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, append(encoded, '\n'), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(root, "docs", "rehearsal.md"), []byte(tableOf(all)), 0o644))
}

func tableOf(all map[string]result) string {
	var text strings.Builder
	text.WriteString(tableHead)
	for _, c := range cells {
		r, ran := all[c.name]
		if !ran {
			fmt.Fprintf(&text, "| %s | %s | not run yet | | | | |\n", c.name, c.about)
			continue
		}
		fmt.Fprintf(&text, "| %s | %s | %d | %s | %d | %d | %d s, %s |\n", c.name, c.about, r.Holds, r.Missing, r.Error, r.Broken, r.Seconds, r.Date)
	}
	return text.String()
}

// rehearse runs the specs in the cell's world.
func (c cell) rehearse(t *testing.T, l *lab.Lab) result {
	w, err := Open(t.Context(), l, t.TempDir(), root, c.conditions)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close(context.WithoutCancel(t.Context()))) })
	if c.prepare != nil {
		c.prepare(t, w)
	}
	began := time.Now()
	code, said := c.check(t, w)
	took := time.Since(began)
	w.requireNothingLeft(t)

	found, err := report.Read(filepath.Join(w.Project, "..", "out", report.File))
	require.NoError(t, err, said)
	verdicts := c.judge(t, found)
	if c.fails {
		require.Equal(t, 2, code, said)
		require.NotZero(t, verdicts[claim.Error], "nobody noticed: %s", said)
	} else {
		require.Zero(t, code, said)
	}
	return result{
		Holds: verdicts[claim.Holds], Missing: missing(found), Error: verdicts[claim.Error], Broken: verdicts[claim.Broken],
		Seconds: int(took.Seconds()), Date: began.Format(time.DateOnly),
	}
}

// check runs the specs as the user does, and returns the exit code and what was said.
func (c cell) check(t *testing.T, w *World) (code int, said string) {
	t.Helper()
	line := "make check"
	if c.conditions.Checkout == Roots {
		line = "bin/builders check"
	}
	command := w.Command("env", "BUILDKIT="+versions.NewestBuildKit, "RUN="+c.run, "OUT=/home/builder/out", "sh", "-c", line)
	screen, err := os.Create(w.file("screen"))
	require.NoError(t, err)
	defer screen.Close()
	command.Stdout, command.Stderr = screen, screen
	shown := func() string {
		text, err := os.ReadFile(screen.Name())
		require.NoError(t, err)
		return string(text)
	}
	require.NoError(t, command.Start())
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	if c.during != nil {
		poll.WaitOn(t, func(poll.LogT) poll.Result {
			if strings.Count(shown(), "✓") >= 3 {
				return poll.Success()
			}
			return poll.Continue("no three claims hold: %s", shown())
		}, poll.WithTimeout(10*time.Minute), poll.WithDelay(100*time.Millisecond))
		c.during(t, w)
	}
	<-ended
	return command.ProcessState.ExitCode(), shown()
}

// judge counts verdicts. Nothing may be broken, what is not applicable lacks what the
// world has not, and only a world that is at fault has errors.
func (c cell) judge(t *testing.T, found report.Report) map[claim.Verdict]int {
	t.Helper()
	verdicts := map[claim.Verdict]int{}
	for _, one := range found.Claims {
		verdicts[one.Verdict]++
		switch one.Verdict {
		case claim.Holds:
		case claim.NotApplicable:
			if !slices.ContainsFunc(c.lacks, func(need string) bool { return strings.HasPrefix(one.Reason, "needs "+need+":") }) {
				t.Errorf("%s is not applicable: %s", one.ID, one.Reason)
			}
		case claim.Error:
			if !c.fails {
				t.Errorf("%s is an error: %s", one.ID, one.Reason)
			}
		default:
			t.Errorf("%s is %s: %s", one.ID, one.Verdict, one.Reason)
		}
	}
	return verdicts
}

// missing counts what is not applicable by the need that is not met.
func missing(found report.Report) string {
	count := map[string]int{}
	for _, one := range found.Claims {
		if one.Verdict == claim.NotApplicable {
			need, _, _ := strings.Cut(strings.TrimPrefix(one.Reason, "needs "), ":")
			count[need]++
		}
	}
	var words []string
	for _, need := range slices.Sorted(maps.Keys(count)) {
		words = append(words, fmt.Sprintf("%d %s", count[need], need))
	}
	return strings.Join(words, ", ")
}

// requireNothingLeft requires the run to leave nothing on the engine and in the
// temporary folder. Its reaper may look for things after it has ended.
func (w *World) requireNothingLeft(t *testing.T) {
	t.Helper()
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		left, err := w.left()
		if err != nil {
			return poll.Error(err)
		}
		if left == "" {
			return poll.Success()
		}
		return poll.Continue("left: %s", left)
	}, poll.WithTimeout(2*time.Minute), poll.WithDelay(500*time.Millisecond))
}

func (w *World) left() (string, error) {
	script := "docker ps --all --quiet; docker volume ls --quiet; docker network ls --quiet --filter type=custom; docker images --quiet --filter reference='*/builders-*/*'; " +
		"find /tmp -maxdepth 1 -name '*builders-*' -user builder ! -name 'builders-of-user-*'"
	said, err := w.Command("sh", "-c", script).CombinedOutput()
	return strings.TrimSpace(string(said)), err
}

// kill ends the process that tests the user's claims. Its reaper is the same program
// without arguments.
func kill(t *testing.T) {
	t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	for _, dir := range found {
		info, err := os.Stat(dir)
		line, failed := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil || failed != nil || info.Sys().(*syscall.Stat_t).Uid != userID {
			continue
		}
		if words := strings.Split(string(line), "\x00"); filepath.Base(words[0]) == "specs.test" && len(words) > 2 {
			pid, err := strconv.Atoi(filepath.Base(dir))
			require.NoError(t, err)
			require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
			return
		}
	}
	require.Fail(t, "the user tests nothing")
}

// stopEmulation keeps the kernel from running arm64 programs until the test ends.
func stopEmulation(t *testing.T) {
	t.Helper()
	entries, err := filepath.Glob("/proc/sys/fs/binfmt_misc/*")
	require.NoError(t, err)
	for _, entry := range entries {
		content, err := os.ReadFile(entry)
		if err != nil || !strings.Contains(string(content), "aarch64") || !strings.HasPrefix(string(content), "enabled") {
			continue
		}
		require.NoError(t, os.WriteFile(entry, []byte("0"), 0o200))
		t.Cleanup(func() { require.NoError(t, os.WriteFile(entry, []byte("1"), 0o200)) })
	}
}

const tableHead = `# A rehearsal of users' machines

Written by ` + "`make rehearsal`" + `. In each row a user who is not root runs the specs on an engine
that knows no mirror, and without a variable of ours. Docker Hub, gcr.io and quay.io are there by
their names, with certificates, tokens and redirects as the real ones have; they serve the lab's
images, and those of BuildKit carry the authority of these certificates. All chapters run, or in
the rows with few claims those that the row is about; ffmpeg is left out, because its builds
install packages from Debian's archive.

Engine and user have networks of their own with a loopback interface and nothing else; over ssh
and TLS these are two, as if the engine were another machine. What the claims need of it then
goes through ` + "`docker system dial-stdio`" + `, as the docker command's own connections do, and ` + "`docker exec`" + ` for
the registries of claims. Claims that share files or ports with the engine are not applicable there
(local-engine). A user who is not root may not read dockerd's program file (engine-program), and
without a [testbed](../helpers/testbed/testbed.go) there is no mirror whose tags may be moved, no
dive, and no engine with the other image store.

In the rows *rate-limit* and *hub-gone* the world is at fault: claims are errors that name the
registry, and none is broken. In the row *killed* the reaper removes what the run had on the
engine; in every row nothing is left, there or in the temporary folder.

| cell | the user … | hold | not applicable, needs | error | broken | took |
|---|---|---|---|---|---|---|
`
