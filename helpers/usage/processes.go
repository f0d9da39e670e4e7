package usage

import (
	"slices"

	"github.com/prometheus/procfs"
)

// role is whose a process is.
type role int

const (
	unrelated role = iota
	engine
	harness
)

// seen is what was last known of a process.
type seen struct {
	role   role
	cpu    float64
	memory uint64
}

// processes follows the engines' daemons and the harness.
type processes struct {
	proc procfs.FS
	self procfs.ProcStat
	// launcher is the process that started this one, if it is part of the harness.
	launcher int
	daemons  []int
	known    map[int]seen
	// ended is the processor time of processes that are gone.
	ended map[role]float64
}

func newProcesses(proc procfs.FS, pid int, daemons []int) (processes, error) {
	p := processes{proc: proc, daemons: daemons, known: map[int]seen{}, ended: map[role]float64{}}
	one, err := proc.Proc(pid)
	if err != nil {
		return processes{}, err
	}
	if p.self, err = one.Stat(); err != nil {
		return processes{}, err
	}
	p.launcher = findLauncher(proc, p.self.PPID)
	return p, nil
}

// read looks only at processes that it does not know yet and at those that matter. What
// a process of the engine used that lived for less than the time between two samples,
// such as runc, is not in it.
func (p *processes) read() (ofEngine, ofHarness *Group) {
	all, err := p.proc.AllProcs()
	if err != nil {
		return nil, nil
	}
	now := make(map[int]seen, len(all))
	for _, one := range all {
		if before, known := p.known[one.PID]; known && before.role == unrelated {
			now[one.PID] = before
			continue
		}
		if s, ok := p.look(one); ok {
			now[one.PID] = s
		}
	}
	for pid, before := range p.known {
		if _, alive := now[pid]; !alive {
			p.ended[before.role] += before.cpu
		}
	}
	p.known = now
	ofHarness = p.sum(harness)
	if len(p.daemons) > 0 {
		ofEngine = p.sum(engine)
	}
	return ofEngine, ofHarness
}

func (p *processes) sum(of role) *Group {
	g := Group{CPU: p.ended[of]}
	for _, one := range p.known {
		if one.role == of {
			g.CPU, g.Memory = g.CPU+one.cpu, g.Memory+one.memory
		}
	}
	return &g
}

// look reads a process; false if it has ended meanwhile.
func (p *processes) look(one procfs.Proc) (seen, bool) {
	stat, err := one.Stat()
	if err != nil {
		return seen{}, false
	}
	s := seen{role: p.roleOf(stat)}
	switch s.role {
	case engine:
		s.cpu, s.memory = stat.CPUTime(), uint64(stat.ResidentMemory())
	case harness:
		s.cpu, s.memory = stat.CPUTime(), uint64(stat.ResidentMemory())
		if maps, err := one.ProcSMapsRollup(); err == nil {
			s.memory = maps.Pss
		}
	}
	return s, true
}

// shim is the beginning of the name of the program that holds a container, which the
// kernel cuts off.
const shim = "containerd-shim"

// launchers start test processes, and a converter for the output of each.
var launchers = []string{"builders", "go"}

const converter = "test2json"

// roleOf tells whose a process is. Children of a shim are the container's, and children
// of the test process are clients unless they are the same program: the reaper.
func (p *processes) roleOf(s procfs.ProcStat) role {
	switch {
	case slices.Contains(p.daemons, s.PID), slices.Contains(p.daemons, s.PPID), s.Comm == shim:
		return engine
	case s.PID == p.self.PID, s.PPID == p.self.PID && s.Comm == p.self.Comm:
		return harness
	case p.launcher != 0 && (s.PID == p.launcher || s.PPID == p.launcher && s.Comm == converter):
		return harness
	}
	return unrelated
}

// findLauncher returns what started a test process; 0 if that is another program, such
// as a shell.
func findLauncher(proc procfs.FS, parent int) int {
	one, err := proc.Proc(parent)
	if err != nil {
		return 0
	}
	if name, err := one.Comm(); err != nil || !slices.Contains(launchers, name) {
		return 0
	}
	return parent
}
