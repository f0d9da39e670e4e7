package measure

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/docker/go-units"
	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// machine says in a few words what this one is.
func machine() string {
	words := []string{fmt.Sprintf("%d × %s", runtime.NumCPU(), runtime.GOARCH)}
	if proc, err := procfs.NewDefaultFS(); err == nil {
		if cpus, err := proc.CPUInfo(); err == nil && len(cpus) > 0 && cpus[0].ModelName != "" {
			words[0] = fmt.Sprintf("%d × %s", runtime.NumCPU(), cpus[0].ModelName)
		}
		if memory, err := proc.Meminfo(); err == nil && memory.MemTotalBytes != nil {
			words = append(words, units.BytesSize(float64(*memory.MemTotalBytes)))
		}
	}
	var name unix.Utsname
	if unix.Uname(&name) == nil {
		words = append(words, "kernel "+unix.ByteSliceToString(name.Release[:]))
	}
	return strings.Join(words, ", ")
}
