package rehearsal

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// machine is a network of its own with nothing but a loopback interface.
type machine struct{ network netns.NsHandle }

// newMachine makes one. It is gone when it is closed and no program is on it.
func newMachine() (m *machine, err error) {
	m = &machine{network: netns.None()}
	err = aside(func() error {
		if m.network, err = netns.New(); err != nil {
			return fmt.Errorf("make a network: %w", err)
		}
		loopback, err := netlink.LinkByName("lo")
		if err != nil {
			return err
		}
		return netlink.LinkSetUp(loopback)
	})
	return m, err
}

// aside runs fn on a thread that nothing else uses and that ends with it: a thread
// whose network was changed must not serve others.
func aside(fn func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		result <- fn()
	}()
	return <-result
}

// on runs fn on the machine.
func (m *machine) on(fn func() error) error {
	return aside(func() error {
		if err := netns.Set(m.network); err != nil {
			return fmt.Errorf("enter a network: %w", err)
		}
		return fn()
	})
}

// listen listens on a port of the machine.
func (m *machine) listen(port string) (listener net.Listener, err error) {
	err = m.on(func() error {
		listener, err = net.Listen("tcp", net.JoinHostPort(Address, port))
		return err
	})
	return listener, err
}

// listenPacket is listen for datagrams.
func (m *machine) listenPacket(port string) (socket net.PacketConn, err error) {
	err = m.on(func() error {
		socket, err = net.ListenPacket("udp", net.JoinHostPort(Address, port))
		return err
	})
	return socket, err
}

// dial connects to a port of the machine.
func (m *machine) dial(port string) (conn net.Conn, err error) {
	err = m.on(func() error {
		conn, err = net.Dial("tcp", net.JoinHostPort(Address, port))
		return err
	})
	return conn, err
}

// enter begins a command that runs on the machine.
func (m *machine) enter() []string {
	return []string{"nsenter", fmt.Sprintf("--net=/proc/%d/fd/%d", os.Getpid(), int(m.network)), "--"}
}

func (m *machine) close(context.Context) error { return m.network.Close() }
