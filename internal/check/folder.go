package check

import (
	"fmt"
	"os"
	"path/filepath"

	"builders.test/internal/report"
	"github.com/gofrs/flock"
)

// lockFile is the file in a report's folder that a run holds while it writes there.
const lockFile = ".in-use"

// folder is where a run writes, and no other one at the same time.
type folder struct {
	// path is absolute.
	path string
	lock *flock.Flock
}

// take makes the folder that OUT names, locks it for this run, and removes the last
// report and the evidence of the claims with the given ids.
func take(out string, ids []string) (folder, error) {
	path, err := filepath.Abs(out)
	if err != nil {
		return folder{}, fmt.Errorf("OUT=%s: %w", out, err)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return folder{}, fmt.Errorf("OUT=%s cannot be created: %w; name a writable folder", out, err)
	}
	f := folder{path: path, lock: flock.New(filepath.Join(path, lockFile))}
	locked, err := f.lock.TryLock()
	if err != nil {
		return folder{}, fmt.Errorf("OUT=%s cannot be written: %w; name a writable folder", out, err)
	}
	if !locked {
		return folder{}, fmt.Errorf("OUT=%s is in use by another run; wait for it or name another folder", out)
	}
	if err := report.Clear(path, ids); err != nil {
		f.free()
		return folder{}, err
	}
	return f, nil
}

// free releases the folder. The lock's file stays: a run that waits for it must not
// end up with a lock on a removed file.
func (f folder) free() { _ = f.lock.Unlock() }

// forget removes the folder of a run that never began, unless it holds something
// else.
func (f folder) forget() {
	_ = os.Remove(filepath.Join(f.path, lockFile))
	_ = os.Remove(f.path)
}
