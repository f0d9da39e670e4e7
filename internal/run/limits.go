package run

import (
	"fmt"
	"syscall"
)

// leastFiles is how many files a run has open at a time, with room to spare.
const leastFiles = 256

// EnoughFiles returns an error if files will run out: what then cannot be read
// would look as if it were not there.
func EnoughFiles() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil // there is no limit
	}
	if limit.Cur < leastFiles {
		return fmt.Errorf("only %d files may be open at a time, %d are needed; raise the limit with `ulimit -n %d`", limit.Cur, leastFiles, leastFiles)
	}
	return nil
}
