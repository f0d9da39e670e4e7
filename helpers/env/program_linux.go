package env

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"builders.test/helpers/endpoint"
)

// EngineProgram returns the program file of the engine's daemon, found as the
// process that listens on the engine's socket.
func (e *Environment) EngineProgram() (string, error) {
	path, local := strings.CutPrefix(e.Engine.Host, "unix://")
	if !local || e.Engine.Via != "" {
		return "", fmt.Errorf("the engine at %s is not on this machine", e.Engine.Place())
	}
	pid, err := endpoint.Listener(path)
	if err != nil {
		return "", fmt.Errorf("find the listener on %s: %w", path, err)
	}
	link := fmt.Sprintf("/proc/%d/exe", pid)
	program, err := os.Readlink(link)
	if err != nil {
		return "", fmt.Errorf("cannot read the engine's program: %w", err)
	}
	// With socket activation the listener is the init system.
	if !strings.Contains(filepath.Base(program), "dockerd") {
		return "", fmt.Errorf("the engine's socket belongs to %s, not to the engine", program)
	}
	return link, nil
}
