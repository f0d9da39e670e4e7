package env

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// EngineProgram returns the program file of the engine's daemon, found as the
// process that listens on the engine's socket.
func (e *Environment) EngineProgram() (string, error) {
	path, local := strings.CutPrefix(e.Engine.Host, "unix://")
	if !local {
		return "", fmt.Errorf("the engine at %s is not on this machine", e.Engine.Host)
	}
	pid, err := listener(path)
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

// listener returns the process that the kernel names as the peer of a connection
// to a unix socket.
func listener(path string) (int32, error) {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	raw, err := conn.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var peer *unix.Ucred
	var peerErr error
	err = raw.Control(func(fd uintptr) {
		peer, peerErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err != nil {
		return 0, err
	}
	if peerErr != nil {
		return 0, peerErr
	}
	return peer.Pid, nil
}
