//go:build !linux

package endpoint

import (
	"fmt"
	"runtime"
)

// Listener always fails here: the engine runs in a separate machine.
func Listener(string) (int, error) {
	return 0, fmt.Errorf("on %s the engine runs in a virtual machine", runtime.GOOS)
}
