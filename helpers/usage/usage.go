// Package usage measures what a run costs its machine: how busy the processors are, and
// how much processor time and memory the engine, the builders and the harness take. It
// is for people who look for time. No verdict depends on it, and what cannot be measured
// is left out.
package usage

import (
	"bufio"
	"encoding/json"
	"io"
	"io/fs"
	"time"
)

// File is the name of the samples in a run's folder, one JSON object per line.
const File = "usage.jsonl"

// Sample is what was known at one moment. All times are totals in seconds, so that what
// happened between two samples is their difference; memory is in bytes.
type Sample struct {
	Time time.Time `json:"time"`
	// Machine is this machine as a whole; nil if unknown, as are the others.
	Machine *Machine `json:"machine,omitempty"`
	// Engine is dockerd, containerd and its shims, of all engines of the run.
	Engine *Group `json:"engine,omitempty"`
	// Builders are the containers of this machine's engines, nearly all of which are
	// builders, with the steps that they execute.
	Builders *Group `json:"builders,omitempty"`
	// Clients are the commands of the claims that have ended.
	Clients *Group `json:"clients,omitempty"`
	// Harness is the test process, what it was started by, and its reaper.
	Harness *Group `json:"harness,omitempty"`
}

// Machine is the state of a machine.
type Machine struct {
	// Busy, Idle and IOWait add up to the time of all processors since the start.
	Busy   float64 `json:"busy"`
	Idle   float64 `json:"idle"`
	IOWait float64 `json:"iowait"`
	// Kernel is the part of Busy in which the kernel worked.
	Kernel float64 `json:"kernel"`
	// Memory is what programs use; caches that the kernel can give back are not in it.
	Memory uint64 `json:"memory"`
}

// Group is some of the processes of a machine.
type Group struct {
	CPU float64 `json:"cpu"`
	// Memory is resident or, for containers, anonymous memory. The harness's processes
	// each have their part of what several of them share.
	Memory uint64 `json:"memory,omitempty"`
}

// Read reads the samples of a run from its folder. A run without them has none, and a
// line that was not written to its end is left out.
func Read(run fs.FS) []Sample {
	file, err := run.Open(File)
	if err != nil {
		return nil
	}
	defer file.Close()
	return parse(file)
}

func parse(r io.Reader) []Sample {
	var all []Sample
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		var s Sample
		if json.Unmarshal(lines.Bytes(), &s) == nil && !s.Time.IsZero() {
			all = append(all, s)
		}
	}
	return all
}
