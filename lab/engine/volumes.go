package engine

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/moby/sys/mount"
	"github.com/prometheus/procfs"
)

// leastMemory is how much memory, in bytes, must be available for volumes to be kept there.
const leastMemory = 8 << 30

// volumesInMemory mounts a tmpfs for the engine's volumes, which are the state of
// builders: BuildKit flushes its databases several times per build, and a run makes
// and removes tens of thousands of files. Like everything that is mounted below the
// engine's data, it goes when the engine stops. Volumes that are already on disk, or
// too little memory, leave them there.
//
// An engine whose data is not on a mount of its own may mount the folder onto itself,
// which would hide what is mounted below it; so that is done before.
func (e *Engine) volumesInMemory() error {
	dir := filepath.Join(e.Data(), "volumes")
	size := memoryForVolumes()
	if size == 0 || hasVolumes(dir) {
		return nil
	}
	if err := os.MkdirAll(dir, 0o701); err != nil {
		return err
	}
	if err := mount.MakeShared(e.Data()); err != nil {
		return err
	}
	return mount.Mount("tmpfs", dir, "tmpfs", fmt.Sprintf("size=%d,mode=701", size))
}

// memoryForVolumes returns the most that volumes may take, in bytes: half of what is
// available, or nothing if that is little or unknown.
func memoryForVolumes() uint64 {
	proc, err := procfs.NewDefaultFS()
	if err != nil {
		return 0
	}
	memory, err := proc.Meminfo()
	if err != nil || memory.MemAvailableBytes == nil || *memory.MemAvailableBytes < leastMemory {
		return 0
	}
	return *memory.MemAvailableBytes / 2
}

// hasVolumes reports whether an engine's folder of volumes has one; besides, it has
// the engine's notes about them.
func hasVolumes(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if entry.IsDir() {
			return true
		}
	}
	return false
}
