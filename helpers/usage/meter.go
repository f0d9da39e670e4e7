package usage

import (
	"math"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/procfs"
)

// Meter takes samples. It is not safe for concurrent use.
type Meter struct {
	proc       procfs.FS
	processes  processes
	containers containers
}

// NewMeter returns a meter for this process and for the engines whose daemons have the
// given process ids. Without any, the engine is unknown.
func NewMeter(daemons ...int) (*Meter, error) {
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return nil, err
	}
	all, err := newProcesses(proc, os.Getpid(), daemons)
	return &Meter{proc: proc, processes: all, containers: containers{root: cgroups}}, err
}

// cgroups is where systems mount their control groups.
const cgroups = "/sys/fs/cgroup"

// Read takes a sample.
func (m *Meter) Read() Sample {
	s := Sample{Time: time.Now(), Machine: m.machine(), Builders: m.containers.read(), Clients: clients()}
	s.Engine, s.Harness = m.processes.read()
	for _, group := range []*Group{s.Engine, s.Builders, s.Clients, s.Harness} {
		if group != nil {
			group.CPU = rounded(group.CPU)
		}
	}
	return s
}

// rounded returns a time in whole milliseconds.
func rounded(seconds float64) float64 { return math.Round(seconds*1e3) / 1e3 }

func (m *Meter) machine() *Machine {
	stat, err := m.proc.Stat()
	if err != nil {
		return nil
	}
	all := stat.CPUTotal
	machine := Machine{
		Busy: rounded(all.User + all.Nice + all.System + all.IRQ + all.SoftIRQ + all.Steal),
		Idle: rounded(all.Idle), IOWait: rounded(all.Iowait),
		Kernel: rounded(all.System + all.IRQ + all.SoftIRQ),
	}
	if memory, err := m.proc.Meminfo(); err == nil && memory.MemTotalBytes != nil && memory.MemAvailableBytes != nil {
		machine.Memory = *memory.MemTotalBytes - *memory.MemAvailableBytes
	}
	return &machine
}

// clients are the children that this process has waited for.
func clients() *Group {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used); err != nil {
		return nil
	}
	return &Group{CPU: seconds(used.Utime) + seconds(used.Stime)}
}

func seconds(t syscall.Timeval) float64 { return time.Duration(t.Nano()).Seconds() }

// patterns are the control groups of containers, by the file that has their processor
// time: with the cgroupfs driver all of an engine's are below one, whose sum outlives
// them, with systemd each has its own.
var patterns = []string{
	"docker/cpu.stat", "system.slice/docker-*.scope/cpu.stat",
	"cpuacct/docker/cpuacct.usage", "cpuacct/system.slice/docker-*.scope/cpuacct.usage",
}

// containers are those of the engines of a machine.
type containers struct {
	root string
	// used is the last that was known of each group, by its file.
	used map[string]float64
}

// read returns nil if there is no control group of a container, and never was one.
func (c *containers) read() *Group {
	if c.used == nil {
		c.used = map[string]float64{}
	}
	var g Group
	for _, pattern := range patterns {
		paths, _ := filepath.Glob(filepath.Join(c.root, pattern)) // the patterns are well formed
		for _, path := range paths {
			if used, ok := processorTime(path); ok {
				c.used[path] = used
			}
			g.Memory += anonymous(memoryOf(path))
		}
	}
	for _, used := range c.used {
		g.CPU += used
	}
	if len(c.used) == 0 {
		return nil
	}
	return &g
}
