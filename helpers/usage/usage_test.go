package usage

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/procfs"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/fs"
)

func TestALineThatWasNotFinishedIsLeftOut(t *testing.T) {
	const lines = `{"time":"2026-11-28T04:00:00Z","machine":{"busy":2,"idle":3,"iowait":1,"memory":7},"engine":{"cpu":1.5,"memory":4}}
{"time":"2026-11-28T04:00:01Z","builders":{"cpu":2}}
{"time":"2026-11-28T04:00:0`
	samples := parse(strings.NewReader(lines))
	assert.Equal(t, len(samples), 2)
	assert.DeepEqual(t, samples[0].Machine, &Machine{Busy: 2, Idle: 3, IOWait: 1, Memory: 7})
	assert.DeepEqual(t, samples[0].Engine, &Group{CPU: 1.5, Memory: 4})
	assert.Assert(t, samples[1].Engine == nil)
	assert.Equal(t, len(Read(os.DirFS(t.TempDir()))), 0)
}

// What a container used stays known when it is gone.
func TestContainersInEveryKindOfControlGroup(t *testing.T) {
	first := fs.NewDir(t, "cgroupfs-v1",
		fs.WithDir("cpuacct", fs.WithDir("docker", fs.WithFile("cpuacct.usage", "2500000000\n"))),
		fs.WithDir("memory", fs.WithDir("docker", fs.WithFile("memory.stat", "cache 9\nrss 1\ntotal_cache 9\ntotal_rss 4096\n"))))
	c := containers{root: first.Path()}
	assert.DeepEqual(t, c.read(), &Group{CPU: 2.5, Memory: 4096})

	second := fs.NewDir(t, "systemd-v2", fs.WithDir("system.slice",
		fs.WithDir("docker-a.scope", fs.WithFile("cpu.stat", "usage_usec 1500000\nuser_usec 1\n"), fs.WithFile("memory.stat", "anon 10\nfile 99\n")),
		fs.WithDir("docker-b.scope", fs.WithFile("cpu.stat", "usage_usec 500000\n"), fs.WithFile("memory.stat", "anon 20\n"))))
	c = containers{root: second.Path()}
	assert.DeepEqual(t, c.read(), &Group{CPU: 2, Memory: 30})
	assert.NilError(t, os.RemoveAll(filepath.Join(second.Path(), "system.slice", "docker-b.scope")))
	assert.DeepEqual(t, c.read(), &Group{CPU: 2, Memory: 10})

	c = containers{root: t.TempDir()}
	assert.Assert(t, c.read() == nil)
}

func TestRoles(t *testing.T) {
	p := processes{self: procfs.ProcStat{PID: 10, Comm: "specs"}, launcher: 9, daemons: []int{5}}
	for name, tc := range map[string]struct {
		stat procfs.ProcStat
		want role
	}{
		"dockerd":           {procfs.ProcStat{PID: 5, Comm: "dockerd"}, engine},
		"its containerd":    {procfs.ProcStat{PID: 6, PPID: 5, Comm: "containerd"}, engine},
		"a shim":            {procfs.ProcStat{PID: 7, PPID: 1, Comm: "containerd-shim"}, engine},
		"a container":       {procfs.ProcStat{PID: 8, PPID: 7, Comm: "buildkitd"}, unrelated},
		"the test process":  {procfs.ProcStat{PID: 10, PPID: 9, Comm: "specs"}, harness},
		"its reaper":        {procfs.ProcStat{PID: 11, PPID: 10, Comm: "specs"}, harness},
		"a client":          {procfs.ProcStat{PID: 12, PPID: 10, Comm: "docker"}, unrelated},
		"what started it":   {procfs.ProcStat{PID: 9, PPID: 2, Comm: "builders"}, harness},
		"what reads it":     {procfs.ProcStat{PID: 13, PPID: 9, Comm: "test2json"}, harness},
		"another run of it": {procfs.ProcStat{PID: 15, PPID: 9, Comm: "specs"}, unrelated},
		"somebody's editor": {procfs.ProcStat{PID: 14, PPID: 2, Comm: "vi"}, unrelated},
	} {
		assert.Equal(t, p.roleOf(tc.stat), tc.want, name)
	}
}

// A meter on this machine counts this process, and a daemon that ends stays counted.
func TestMeter(t *testing.T) {
	daemon := exec.Command("sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; read line")
	stdin, err := daemon.StdinPipe()
	assert.NilError(t, err)
	assert.NilError(t, daemon.Start())
	meter, err := NewMeter(daemon.Process.Pid)
	if err != nil {
		t.Skip("this system has no /proc: ", err)
	}
	first := meter.Read()
	assert.Assert(t, first.Machine != nil && first.Machine.Busy > 0 && first.Machine.Memory > 0)
	assert.Assert(t, first.Harness.Memory > 1<<20)
	assert.NilError(t, stdin.Close())
	_ = daemon.Wait()
	second := meter.Read()
	assert.Assert(t, second.Engine.CPU >= first.Engine.CPU)
	assert.Assert(t, second.Clients.CPU > first.Clients.CPU, "what has ended is a client")
}

func TestRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), File)
	recorder, err := Record(func(context.Context) (*Meter, error) { return NewMeter() }, path)
	assert.NilError(t, err)
	recorder.Stop()
	samples := Read(os.DirFS(filepath.Dir(path)))
	assert.Assert(t, len(samples) >= 1)
	assert.Assert(t, samples[0].Engine == nil, "no daemon is known")
	(*Recorder)(nil).Stop()
}
