//go:build faults

package faults

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/proxy"
	"builders.test/helpers/testbed"
	"github.com/stretchr/testify/require"
)

func commandOn(lab map[string]string, name string, args ...string) *exec.Cmd {
	command := exec.Command(name, args...)
	command.Dir, command.Env = root, environ()
	for name, value := range lab {
		command.Env = append(command.Env, name+"="+value)
	}
	return command
}

// requireErrors requires a run to blame the environment: no claim is broken, at
// least one is an error, and the exit code is that of a failed environment.
func requireErrors(t *testing.T, r *ran) {
	t.Helper()
	require.Equal(t, 2, r.wait(t), r.said)
	failed := 0
	for _, one := range r.report(t).Claims {
		require.NotEqual(t, claim.Broken, one.Verdict, "%s is called broken: %s", one.ID, one.Reason)
		if one.Verdict == claim.Error {
			failed++
			if failed == 1 {
				t.Logf("%s: %s", one.ID, one.Reason)
			}
		}
	}
	require.NotZero(t, failed, "nobody noticed")
	for line := range strings.Lines(r.said.String()) {
		require.NotContains(t, line, "goroutine ", "a stack trace where a sentence should be")
	}
}

// requireGreen requires the next run to be as if nothing had happened.
func requireGreen(t *testing.T) {
	t.Helper()
	said, err := inLab("lab", "up").CombinedOutput()
	require.NoError(t, err, string(said))
	said, err = inLab("clean").CombinedOutput()
	require.NoError(t, err, string(said))
	r := check(t, "--run", "caching")
	require.Zero(t, r.wait(t), "the run after the fault: %s", r.said)
}

// enginePid returns the process id of the engine that runs are on.
func enginePid(t *testing.T) int {
	t.Helper()
	cache := filepath.Dir(access(t).File)
	found, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, path := range found {
		content, err := os.ReadFile(path)
		words := strings.Split(string(content), "\x00")
		if err != nil || filepath.Base(words[0]) != "dockerd" || !strings.Contains(string(content), filepath.Join(cache, "daemon.json")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		require.NoError(t, err)
		return pid
	}
	require.Fail(t, "the lab's engine does not run")
	return 0
}

// midway returns a run in which some claims have their verdict and others do not.
func midway(t *testing.T, args ...string) *ran {
	t.Helper()
	r := check(t, args...)
	r.await(t, "", 0)
	await(t, time.Minute, func() string {
		if strings.Count(r.said.String(), "✓") < 3 {
			return "no three claims hold: " + r.said.String()
		}
		return ""
	})
	return r
}

func TestTheEngineStops(t *testing.T) {
	before := inventory(t)
	r := midway(t, "--run", "builders,caching,output")
	require.NoError(t, syscall.Kill(enginePid(t), syscall.SIGTERM))
	requireErrors(t, r)
	requireGreen(t)
	awaitClean(t, before)
}

func TestTheEngineIsRestarted(t *testing.T) {
	before := inventory(t)
	r := midway(t, "--run", "builders,caching,output")
	require.NoError(t, syscall.Kill(enginePid(t), syscall.SIGKILL))
	said, err := inLab("lab", "up").CombinedOutput()
	require.NoError(t, err, string(said))
	requireErrors(t, r)
	requireGreen(t)
	// A killed engine forgets the volume of a container that it was to remove itself,
	// such as buildx's probe for GPUs, and no one's name is on it.
	for _, thing := range inventory(t) {
		if thing.Kind == "volume" && len(thing.Name) == 64 && !before.Has(thing) {
			t.Logf("the engine left %s", thing)
			docker(t, "volume", "rm", thing.Name)
		}
	}
	awaitClean(t, before)
}

func TestABuilderIsKilled(t *testing.T) {
	r := check(t, "--run", "buildkit/gc-after-build")
	var container string
	await(t, time.Minute, func() string {
		for _, name := range strings.Fields(docker(t, "ps", "--format", "{{.Names}}")) {
			if strings.Contains(name, "-gc-after-build-") {
				container = name
				return ""
			}
		}
		return "the claim's builder does not run"
	})
	docker(t, "kill", container)
	requireErrors(t, r)
	require.Contains(t, r.report(t).Claims[0].Reason, "was killed")
	requireGreen(t)
}

// slow delays every request for a while.
func slow(registry http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(time.Second):
			registry.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}

// TestTheRegistryFails breaks the mirror that builders pull from.
func TestTheRegistryFails(t *testing.T) {
	for name, middleware := range map[string]proxy.Middleware{
		"500": proxy.Answering(500, nil), "429": proxy.Answering(429, nil), "truncates": proxy.BreakingOff, "hangs": proxy.Hanging, "down": proxy.HangingUp,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireErrors(t, behind(t, middleware))
		})
	}
	requireGreen(t)
}

// TestTheRegistryIsSlow checks that a slow mirror is not a fault.
func TestTheRegistryIsSlow(t *testing.T) {
	r := behind(t, slow)
	require.Zero(t, r.wait(t), r.said)
}

// behind returns a run whose builders see the mirror through a proxy.
func behind(t *testing.T, middleware proxy.Middleware) *ran {
	t.Helper()
	lab := access(t)
	mirror := lab.Testbed.Mirror
	server := httptest.NewServer(middleware(proxy.Forward("tcp", mirror.Address)))
	t.Cleanup(server.Close)
	mirror.Address, mirror.Push = server.Listener.Addr().String(), ""
	// On a given engine, the mirror may be given, too.
	command := commandOn(map[string]string{
		"DOCKER_HOST": lab.DockerHost, "DOCKER_CONFIG": lab.DockerConfig, testbed.Variable: withMirror(t, mirror),
	}, program, "check", "--buildkit", buildKit, "--run", "processor/while-building,processor/one-index")
	return begin(t, command)
}

// disk returns a file system of the given size.
func disk(t *testing.T, megabytes int) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes)))
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

func TestNoDisk(t *testing.T) {
	t.Run("for the lab", func(t *testing.T) {
		command := inLab("lab", "up")
		command.Env = append(command.Env, "XDG_CACHE_HOME="+disk(t, 4))
		requireOneLine(t, command, "disk")
	})
	t.Run("for the report", func(t *testing.T) {
		requireOneLine(t, inLab("check", "--run", "builders/version", "--out", filepath.Join(disk(t, 4), "out")), "disk full")
	})
	t.Run("for the evidence, after a while", func(t *testing.T) {
		small := disk(t, 100)
		r := midway(t, "--run", "builders,caching,output", "--out", filepath.Join(small, "out"))
		// The rest is for the report: that it cannot be written is another fault.
		require.NoError(t, os.WriteFile(filepath.Join(small, "filler"), make([]byte, 60<<20), 0o600))
		r.out = filepath.Join(small, "out")
		r.wait(t)
		for _, one := range r.report(t).Claims {
			require.NotEqual(t, claim.Broken, one.Verdict, "%s: %s", one.ID, one.Reason)
		}
	})
	requireGreen(t)
}

func TestNoFileHandles(t *testing.T) {
	command := exec.Command("sh", "-c", "ulimit -n 24; exec "+program+" check --run builders/version")
	command.Dir, command.Env = root, inLab().Env
	requireOneLine(t, command, "ulimit -n")
	requireGreen(t)
}

// requireOneLine requires a command to end with exit code 2 and to say why in one
// line.
func requireOneLine(t *testing.T, command *exec.Cmd, want string) {
	t.Helper()
	said, err := command.CombinedOutput()
	require.Error(t, err, string(said))
	require.Equal(t, 2, command.ProcessState.ExitCode(), string(said))
	var lines []string
	for line := range strings.Lines(string(said)) {
		if strings.HasPrefix(line, "builders: ") {
			lines = append(lines, line)
		}
		require.NotContains(t, line, "goroutine ")
	}
	require.Len(t, lines, 1, string(said))
	require.Contains(t, lines[0], want)
	t.Log(strings.TrimSpace(lines[0]))
}

// TestABuildHangs checks that a claim ends, and that its evidence shows what
// BuildKit was doing.
func TestABuildHangs(t *testing.T) {
	scripts := t.TempDir()
	text := "# claim: A build ends\n# deadline: 10s\nbuild .\n-- Dockerfile --\nFROM busybox\nRUN sleep 1000\n"
	require.NoError(t, os.WriteFile(filepath.Join(scripts, "hang.txtar"), []byte(text), 0o600))
	before := inventory(t)
	began := time.Now()
	r := check(t, "--specs", scripts)
	require.Equal(t, 1, r.wait(t), r.said)
	require.Less(t, time.Since(began), 90*time.Second)
	one := r.report(t).Claims[0]
	require.Contains(t, one.Reason, "no end within 10s")
	logs, err := filepath.Glob(filepath.Join(r.out, one.Evidence, "*.log"))
	require.NoError(t, err)
	require.NotEmpty(t, logs, "the evidence has no log of BuildKit")
	log, err := os.ReadFile(logs[0])
	require.NoError(t, err)
	require.Contains(t, string(log), "goroutine ", "the log does not show what BuildKit was doing")
	awaitClean(t, before)
}
