package process

import (
	"fmt"
	"os"
	"strings"

	"github.com/prometheus/procfs"
)

// Process is one row of the process table.
type Process struct {
	Identity
	Parent int
	// Exe is the program file; empty for kernel threads.
	Exe string
	// Args are the program's name and arguments as it was started; empty for
	// kernel threads.
	Args []string
	// Cgroups is the text of /proc/PID/cgroup.
	Cgroups string
}

// Table returns every process that runs now.
func Table() ([]Process, error) {
	all, err := procfs.AllProcs()
	if err != nil {
		return nil, err
	}
	var table []Process
	for _, p := range all {
		stat, err := running(p)
		if err != nil {
			continue
		}
		exe, _ := p.Executable()
		args, _ := p.CmdLine()
		cgroups, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", p.PID))
		table = append(table, Process{
			Identity: Identity{p.PID, stat.Starttime}, Parent: stat.PPID,
			Exe: strings.TrimSuffix(exe, " (deleted)"), Args: args, Cgroups: string(cgroups),
		})
	}
	return table, nil
}

// WithDescendants returns the processes that owned accepts and everything they
// started, directly or not.
func WithDescendants(table []Process, owned func(Process) bool) []Process {
	children := map[int][]Process{}
	for _, p := range table {
		children[p.Parent] = append(children[p.Parent], p)
	}
	var found []Process
	seen := map[int]bool{}
	var add func(Process)
	add = func(p Process) {
		if seen[p.PID] {
			return
		}
		seen[p.PID] = true
		found = append(found, p)
		for _, child := range children[p.PID] {
			add(child)
		}
	}
	for _, p := range table {
		if owned(p) {
			add(p)
		}
	}
	return found
}
