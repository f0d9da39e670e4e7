//go:build faults

package faults

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"builders.test/helpers/janitor"
	"builders.test/helpers/testbed"
	"builders.test/internal/report"
	"builders.test/internal/versions"
	"builders.test/lab"
	"github.com/docker/docker/client"
	"github.com/stretchr/testify/require"
	"gotest.tools/v3/poll"
)

// root is the project's folder.
const root = "../.."

// buildKit is the release to run if it does not matter which.
const buildKit = versions.NewestBuildKit

// program is the command that is tested.
var program string

func TestMain(m *testing.M) {
	os.Exit(prepared(m))
}

func prepared(m *testing.M) int {
	dir, err := os.MkdirTemp("", "faults-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "builders")
	for _, command := range []*exec.Cmd{
		exec.Command("go", "build", "-buildvcs=false", "-o", program, root+"/cmd/builders"),
		// So that the first run to be killed does not spend its time compiling.
		exec.Command("go", "vet", "-tags", "integration", root),
		exec.Command("go", "test", "-tags", "integration", "-c", "-o", os.DevNull, root),
	} {
		command.Stderr = os.Stderr
		if err := command.Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 2
		}
	}
	if said, err := inLab("lab", "up").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s%v\n", said, err)
		return 2
	}
	return m.Run()
}

// inLab returns the command in the project's folder, on the lab.
func inLab(args ...string) *exec.Cmd {
	command := exec.Command(program, args...)
	command.Dir = root
	command.Env = environ("DOCKER_HOST=", "DOCKER_CONTEXT=", testbed.Variable+"=", "GITHUB_STEP_SUMMARY=")
	return command
}

// environ is this process's environment with some variables set.
func environ(set ...string) []string {
	return append(os.Environ(), set...)
}

// theLab returns the lab that the runs use.
func theLab(t *testing.T) *lab.Lab {
	t.Helper()
	l, err := lab.Open(lab.Options{})
	require.NoError(t, err)
	return l
}

// access leads to the lab.
func access(t *testing.T) testbed.Access {
	t.Helper()
	found, err := theLab(t).Access("")
	require.NoError(t, err)
	return found
}

// withMirror returns the file of a testbed that is not a lab and has a mirror.
func withMirror(t *testing.T, mirror testbed.Mirror) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "testbed.json")
	require.NoError(t, testbed.Testbed{Mirror: mirror}.Write(path))
	return path
}

// engines are clients of the lab's engines.
func engines(t *testing.T) []*client.Client {
	t.Helper()
	var all []*client.Client
	// In the same order each time: an inventory distinguishes them by it.
	for _, host := range slices.Sorted(maps.Values(theLab(t).Hosts())) {
		c, err := client.NewClientWithOpts(client.WithHost(host), client.WithAPIVersionNegotiation())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		all = append(all, c)
	}
	return all
}

// ran is a run of the command.
type ran struct {
	*exec.Cmd
	out  string
	said *transcript
	// over is closed when the run has ended, as ended says.
	over  chan struct{}
	ended error
}

// transcript is what a run has said so far; it may be read while it grows.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (x *transcript) Write(part []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.text.Write(part)
}

func (x *transcript) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.text.String()
}

// check starts a check in its own process group.
func check(t *testing.T, args ...string) *ran {
	t.Helper()
	return begin(t, inLab("check", "--buildkit", buildKit), args...)
}

func begin(t *testing.T, command *exec.Cmd, args ...string) *ran {
	t.Helper()
	r := &ran{Cmd: command, out: filepath.Join(t.TempDir(), "out"), said: &transcript{}, over: make(chan struct{})}
	r.Args = append(r.Args, args...)
	r.Env = append(r.Env, "OUT="+r.out)
	r.Stdout, r.Stderr = r.said, r.said
	r.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// A grandchild that survives must not keep the test waiting.
	r.WaitDelay = 5 * time.Second
	require.NoError(t, r.Start())
	go func() {
		defer close(r.over)
		r.ended = r.Wait()
	}()
	t.Cleanup(func() { _ = syscall.Kill(-r.Process.Pid, syscall.SIGKILL) })
	return r
}

// wait returns the exit code.
func (r *ran) wait(t *testing.T) int {
	t.Helper()
	<-r.over
	var exit *exec.ExitError
	if r.ended != nil && !errors.As(r.ended, &exit) && !errors.Is(r.ended, exec.ErrWaitDelay) {
		require.NoError(t, r.ended, r.said)
	}
	return r.ProcessState.ExitCode()
}

// report returns what the run wrote.
func (r *ran) report(t *testing.T) report.Report {
	t.Helper()
	found, err := report.Read(filepath.Join(r.out, report.File))
	require.NoError(t, err, r.said)
	return found
}

// descendants returns the processes below one, by the names of their programs.
func descendants(pid int) map[string]int {
	below := map[string]int{}
	children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range children {
		content, _ := os.ReadFile(file)
		for _, word := range strings.Fields(string(content)) {
			child, err := strconv.Atoi(word)
			if err != nil {
				continue
			}
			name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", child))
			if _, known := below[strings.TrimSpace(string(name))]; !known {
				below[strings.TrimSpace(string(name))] = child
			}
			for name, pid := range descendants(child) {
				if _, known := below[name]; !known {
					below[name] = pid
				}
			}
		}
	}
	return below
}

// patience is how long a dead run may leave something behind.
const patience = 10 * time.Second

// awaitClean waits until nothing of a dead run is left, and returns how long that
// took. Live runs keep what is theirs.
func awaitClean(t *testing.T, before janitor.Inventory) time.Duration {
	t.Helper()
	began := time.Now()
	clients := engines(t)
	await(t, patience, func() string {
		if left := leftovers(t, before, clients); len(left) > 0 {
			return "after the run died: " + strings.Join(left, ", ")
		}
		return ""
	})
	return time.Since(began)
}

// await waits until missing finds nothing missing.
func await(t *testing.T, limit time.Duration, missing func() string) {
	t.Helper()
	poll.WaitOn(t, func(poll.LogT) poll.Result {
		if why := missing(); why != "" {
			return poll.Continue("%s", why)
		}
		return poll.Success()
	}, poll.WithTimeout(limit), poll.WithDelay(50*time.Millisecond))
}

func leftovers(t *testing.T, before janitor.Inventory, clients []*client.Client) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	now, err := janitor.TakeInventory(ctx, clients...)
	require.NoError(t, err)
	var left []string
	// The lab is this test's alone, so anything that would be noted is the run's.
	d := now.Since(before, "")
	if err := d.Err(); err != nil {
		left = append(left, err.Error())
	}
	for _, change := range d.Beside {
		left = append(left, change.String())
	}
	for _, thing := range now {
		if thing.Run != "" && janitor.StateOf(thing.Run) != janitor.Live && !before.Has(thing) {
			left = append(left, thing.String())
		}
	}
	return left
}

// inventory returns what there is before a run.
func inventory(t *testing.T) janitor.Inventory {
	t.Helper()
	found, err := janitor.TakeInventory(t.Context(), engines(t)...)
	require.NoError(t, err)
	return found
}
