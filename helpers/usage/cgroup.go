package usage

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// processorTime reads cpu.stat of version 2 of control groups, or cpuacct.usage of
// version 1, in seconds.
func processorTime(path string) (float64, bool) {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	if filepath.Base(path) == "cpu.stat" {
		micros, ok := field(content, "usage_usec")
		return (time.Duration(micros) * time.Microsecond).Seconds(), ok
	}
	nanos, err := strconv.ParseInt(string(bytes.TrimSpace(content)), 10, 64)
	return time.Duration(nanos).Seconds(), err == nil
}

// memoryOf returns the memory.stat that belongs to a file with processor time.
func memoryOf(path string) string {
	return filepath.Join(strings.Replace(filepath.Dir(path), "/cpuacct/", "/memory/", 1), "memory.stat")
}

// anonymous reads from memory.stat how much memory is no cache; zero if unknown.
func anonymous(path string) uint64 {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for _, name := range []string{"anon", "total_rss"} {
		if n, ok := field(content, name); ok {
			return n
		}
	}
	return 0
}

// field finds the number after a name that begins a line.
func field(content []byte, name string) (uint64, bool) {
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), name+" "); ok {
			n, err := strconv.ParseUint(value, 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}
