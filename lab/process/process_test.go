package process

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestIdentityTellsReusedPids(t *testing.T) {
	me, err := Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if !me.Alive() {
		t.Error("this process counts as dead")
	}
	stranger := Identity{me.PID, me.Started + 1}
	if stranger.Alive() {
		t.Error("a process with the same pid and another start counts as the same")
	}
	if err := stranger.Stop(0); err != nil {
		t.Errorf("stopping a process that is gone: %v", err)
	}
}

func TestLastLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"one":                    "one",
		"one\ntwo\n":             "two",
		"one\n  two  \n\n" + " ": "two",
	} {
		if got := LastLine(text); got != want {
			t.Errorf("LastLine(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestOutputCarriesWhatTheProgramSaid(t *testing.T) {
	out, err := Command{Args: []string{"sh", "-c", "echo answer; echo first >&2; echo cause >&2; exit 3"}}.Output(t.Context())
	if err == nil || !strings.Contains(err.Error(), "cause") || strings.Contains(err.Error(), "first") {
		t.Errorf("error = %v, want the last line said", err)
	}
	if out != "answer\n" {
		t.Errorf("output = %q", out)
	}
}

func TestCancelKillsGrandchildren(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Command{Args: []string{"sh", "-c", "sleep 60 & echo $! > " + file + ".new; mv " + file + ".new " + file + "; wait"}}.Run(ctx)
	}()
	waitFor(t, func() bool { _, err := os.Stat(file); return err == nil })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want %v", err, context.Canceled)
	}
	pid, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		state, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
		return err != nil || strings.Contains(string(state), ") Z ")
	})
}

func TestDaemon(t *testing.T) {
	dir := t.TempDir()
	d := Daemon{
		Args: []string{"sleep", "60"}, Env: os.Environ(), Key: "one",
		Log: filepath.Join(dir, "log"), Record: filepath.Join(dir, "record"),
	}
	ready := func(context.Context) error { return nil }
	if err := d.Start(t.Context(), time.Second, ready); err != nil {
		t.Fatal(err)
	}
	id, key, ok := d.Running()
	if !ok || key != "one" {
		t.Fatalf("Running = %v %q %v", id, key, ok)
	}
	if err := d.Stop(5 * time.Second); err != nil {
		t.Fatal(err)
	}
	if id.Alive() {
		t.Error("the daemon outlived Stop")
	}
	if _, _, ok := d.Running(); ok {
		t.Error("the record outlived Stop")
	}
}

func TestDaemonThatFails(t *testing.T) {
	dir := t.TempDir()
	d := Daemon{
		Args: []string{"sh", "-c", "echo no such luck >&2; exit 1"}, Env: os.Environ(),
		Log: filepath.Join(dir, "log"), Record: filepath.Join(dir, "record"),
	}
	notYet := func(context.Context) error { return errors.New("not yet") }
	if err := d.Start(t.Context(), 5*time.Second, notYet); err == nil || !strings.Contains(err.Error(), "no such luck") {
		t.Errorf("error = %v, want the log's last line", err)
	}
	d.Args = []string{"sleep", "60"}
	if err := d.Start(t.Context(), 50*time.Millisecond, notYet); err == nil || !strings.Contains(err.Error(), "not yet") {
		t.Errorf("error = %v, want the last answer", err)
	}
	if _, err := os.Stat(d.Record); !os.IsNotExist(err) {
		t.Errorf("a daemon that is not ready is still on record: %v", err)
	}
}

func TestWithDescendants(t *testing.T) {
	p := func(pid, parent int, exe string) Process {
		return Process{Identity: Identity{PID: pid}, Parent: parent, Exe: exe}
	}
	table := []Process{p(1, 0, "init"), p(9, 5, "app"), p(5, 1, "shim"), p(7, 1, "other"), p(11, 9, "child")}
	var pids []int
	for _, one := range WithDescendants(table, func(p Process) bool { return p.Exe == "shim" || p.Exe == "app" }) {
		pids = append(pids, one.PID)
	}
	if len(pids) != 3 {
		t.Errorf("found %v, want shim, app and child once each", pids)
	}
	for _, pid := range pids {
		if pid == 1 || pid == 7 {
			t.Errorf("found the stranger %d", pid)
		}
	}
}

func TestTableHoldsThisProcess(t *testing.T) {
	table, err := Table()
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range table {
		if p.PID == os.Getpid() {
			if p.Exe != exe || p.Parent != os.Getppid() || !slices.Equal(p.Args, os.Args) {
				t.Errorf("this process is %+v", p)
			}
			return
		}
	}
	t.Error("this process is not in the table")
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	if !Await(10*time.Second, done) {
		t.Fatal("waited in vain")
	}
}

func TestAwait(t *testing.T) {
	asked := 0
	if !Await(10*time.Second, func() bool { asked++; return asked == 3 }) || asked != 3 {
		t.Errorf("asked %d times, want 3 and then no more", asked)
	}
	if !Await(0, func() bool { return true }) {
		t.Error("a limit of zero does not look at all")
	}
	if Await(time.Millisecond, func() bool { return false }) {
		t.Error("what never happens counts as happened")
	}
}
