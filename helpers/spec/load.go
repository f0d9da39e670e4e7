package spec

import (
	"fmt"
	"runtime"

	"github.com/shirou/gopsutil/v4/load"
)

// mostWaiting is how many programs may compete for each processor of this machine,
// over the last minute, before slowness cannot be told from a hang.
const mostWaiting = 5

// overloaded says why a claim that did not end in time says nothing about
// BuildKit: the engine's machine had far more to do than it could. It is empty
// otherwise, and if the load is unknown.
func (t *T) overloaded() string {
	if t.Env.Engine.Local() != nil {
		return ""
	}
	average, err := load.Avg()
	if err != nil {
		return ""
	}
	return crowded(average.Load1, runtime.NumCPU())
}

func crowded(load float64, processors int) string {
	if load <= float64(mostWaiting*processors) {
		return ""
	}
	return fmt.Sprintf("the claim did not end in time while this machine, with %d processors, had a load of %.0f; run it with less load", processors, load)
}
