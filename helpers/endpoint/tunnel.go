package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/moby/sys/atomicwriter"
)

// Tunnel is a socket on this machine that leads to an engine which only the docker
// command can reach: over ssh, or over TLS with the certificates of a context. buildx
// cannot use all of these, and other clients none. Each connection is one `docker
// system dial-stdio`, so it is made as the user's own are.
type Tunnel struct {
	// Host is the socket's endpoint.
	Host string

	listener net.Listener
	cancel   context.CancelFunc
	serving  sync.WaitGroup
}

// dialing is how connections are made.
type dialing struct {
	// Docker is the path of the docker command.
	Docker string `json:"docker"`
	// Env are the variables by which it finds the engine.
	Env []string `json:"env"`
}

// The files of a tunnel in its folder.
const (
	socketName = "engine.sock"
	noteName   = "tunnel.json"
)

// OpenTunnel makes a tunnel to an endpoint that is not [Endpoint.Direct]. Its socket is
// in the folder dir, with a note from which [ResumeTunnel] makes it again.
func OpenTunnel(dir string, to Endpoint) (*Tunnel, error) {
	d := dialing{Docker: to.Docker, Env: to.environ}
	content, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("open a tunnel to %s: %w", to.Host, err)
	}
	if err := atomicwriter.WriteFile(filepath.Join(dir, noteName), content, 0o600); err != nil {
		return nil, fmt.Errorf("open a tunnel to %s: %w", to.Host, err)
	}
	return d.listen(dir)
}

// ResumeTunnel makes the tunnel again that a process had in the folder and that ended
// with it. If the folder has none, it returns one that only closes.
func ResumeTunnel(dir string) (*Tunnel, error) {
	content, err := os.ReadFile(filepath.Join(dir, noteName))
	if errors.Is(err, fs.ErrNotExist) {
		return &Tunnel{}, nil
	}
	var d dialing
	if err == nil {
		err = json.Unmarshal(content, &d)
	}
	if err != nil {
		return &Tunnel{}, fmt.Errorf("reach the engine of the run in %s again: %w", dir, err)
	}
	return d.listen(dir)
}

// Reach returns a host that any client can connect to for the endpoint that [Discover]
// finds, until done is called.
func Reach(ctx context.Context) (host string, done func() error, err error) {
	found, err := Discover(ctx)
	if err != nil || found.Direct() {
		return found.Host, func() error { return nil }, err
	}
	t, done, err := temporaryTunnel(found)
	if err != nil {
		return "", nil, err
	}
	return t.Host, done, nil
}

// temporaryTunnel is [OpenTunnel] in a folder of its own, which is removed with it.
func temporaryTunnel(to Endpoint) (t *Tunnel, done func() error, err error) {
	dir, err := os.MkdirTemp("", "engine-of-builders-")
	if err != nil {
		return nil, nil, fmt.Errorf("open a tunnel to %s: %w", to.Host, err)
	}
	if t, err = OpenTunnel(dir, to); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return t, func() error { return errors.Join(t.Close(), os.RemoveAll(dir)) }, nil
}

func (d dialing) listen(dir string) (*Tunnel, error) {
	socket := filepath.Join(dir, socketName)
	// A process that was killed leaves its socket.
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open a tunnel: %w", err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("open a tunnel: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t := &Tunnel{Host: "unix://" + socket, listener: listener, cancel: cancel}
	t.serving.Go(func() { t.serve(ctx, d) })
	return t, nil
}

func (t *Tunnel) serve(ctx context.Context, d dialing) {
	for {
		conn, err := t.listener.Accept()
		if err != nil {
			return
		}
		t.serving.Go(func() { d.connect(ctx, conn) })
	}
}

// connect is one connection. The command gets the socket itself: nothing is copied
// here, and it learns at once when the client has gone.
func (d dialing) connect(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	file, err := conn.(*net.UnixConn).File()
	if err != nil {
		return
	}
	defer file.Close()
	command := exec.CommandContext(ctx, d.Docker, "system", "dial-stdio")
	command.Env, command.Stdin, command.Stdout = d.variables(), file, file
	// The client sees a connection that ends; what is wrong, the docker command says
	// when it is asked for the engine's version.
	_ = command.Run()
}

// variables returns this process's environment with those by which the engine is found.
func (d dialing) variables() []string {
	var all []string
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); !leads(name) {
			all = append(all, kv)
		}
	}
	return append(all, d.Env...)
}

// Close ends the tunnel and its connections.
func (t *Tunnel) Close() error {
	if t.listener == nil {
		return nil
	}
	t.cancel()
	err := t.listener.Close()
	t.serving.Wait()
	return err
}
