package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
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

// Table is every process that runs now.
func Table() ([]Process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var all []Process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if p, ok := look(pid); ok {
			all = append(all, p)
		}
	}
	return all, nil
}

func look(pid int) (Process, bool) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Process{}, false
	}
	s, err := parseStat(string(line))
	if err != nil || s.state == 'Z' || s.state == 'X' {
		return Process{}, false
	}
	exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	cgroups, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid))
	return Process{
		Identity: Identity{pid, s.started}, Parent: s.parent,
		Exe:     strings.TrimSuffix(exe, " (deleted)"),
		Args:    strings.FieldsFunc(string(args), func(r rune) bool { return r == 0 }),
		Cgroups: string(cgroups),
	}, true
}

// WithDescendants are the processes that owned accepts and all that they
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
