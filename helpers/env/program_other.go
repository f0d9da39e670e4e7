//go:build !linux

package env

import (
	"fmt"
	"runtime"
)

// EngineProgram cannot be answered here: the engine runs in a machine of its
// own.
func (e *Environment) EngineProgram() (string, error) {
	return "", fmt.Errorf("on %s the engine runs in a virtual machine", runtime.GOOS)
}
