//go:build !linux

package env

import (
	"fmt"
	"runtime"
)

// EngineProgram always fails here: the engine runs in a separate machine.
func (e *Environment) EngineProgram() (string, error) {
	return "", fmt.Errorf("on %s the engine runs in a virtual machine", runtime.GOOS)
}
