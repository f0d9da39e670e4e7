package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"syscall"

	"builders.test/helpers/internal/poll"
	"builders.test/helpers/spec"
)

// forward makes the registry reachable at its address on this machine, too, if the
// engine is elsewhere: each connection goes through a program in its container. If the
// registry is reached as it is, nothing changes: an engine on this machine may look as
// if it were elsewhere.
func (r Registry) forward(ctx context.Context, t *spec.T, container string) error {
	if t.Env.Engine.Local() == nil {
		return nil
	}
	// It takes its own port first, which may be this machine's.
	err := poll.Until(ctx, pollInterval, func() (bool, error) {
		return r.inside(t, container, "-w", "1").Run() == nil, nil
	})
	if err != nil {
		return fmt.Errorf("the registry in %s does not listen on %s: %w", container, r.Host, err)
	}
	if r.reached() {
		return nil
	}
	listener, err := net.Listen("tcp", r.Host)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil
	}
	if err != nil {
		return err
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go r.connect(t, container, conn)
		}
	}()
	return nil
}

// reached reports whether something listens at the registry's address on this machine.
func (r Registry) reached() bool {
	conn, err := net.Dial("tcp", r.Host)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// connect is one connection. The command gets the socket itself.
func (r Registry) connect(t *spec.T, container string, conn net.Conn) {
	defer conn.Close()
	file, err := conn.(*net.TCPConn).File()
	if err != nil {
		return
	}
	defer file.Close()
	command := r.inside(t, container)
	command.Stdin, command.Stdout = file, file
	_ = command.Run()
}

// inside connects to the registry in its container. The command ends with its input.
func (r Registry) inside(t *spec.T, container string, flags ...string) *exec.Cmd {
	host, port, _ := net.SplitHostPort(r.Host) // it was made from both
	command := exec.Command(t.Env.Docker, slices.Concat([]string{"exec", "--interactive", container, "nc"}, flags, []string{host, port})...)
	command.Env = t.Env.Environ()
	return command
}
