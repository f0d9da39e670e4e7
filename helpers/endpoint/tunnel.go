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
	"time"

	"github.com/gofrs/flock"
	"github.com/moby/sys/atomicwriter"
)

// Tunnel is a socket on this machine that leads to an engine which only the docker
// command can reach: over ssh, or over TLS with the certificates of a context. buildx
// cannot use all of these, and other clients none. Each connection is one `docker
// system dial-stdio`, so it is made as the user's own are.
type Tunnel struct {
	// Host is the socket's endpoint.
	Host string

	dir      string
	held     *flock.Flock
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

// folderPrefix begins the names of the folders of tunnels.
const folderPrefix = "engine-of-builders-"

// FolderOf returns the folder of a run's tunnel. It is not the run's own, which is gone
// when the engine is looked at for the last time.
func FolderOf(run string) string { return filepath.Join(os.TempDir(), folderPrefix+run) }

// Tunneled returns the runs whose tunnels have a folder on this machine.
func Tunneled() []string {
	var runs []string
	found, _ := filepath.Glob(FolderOf("*")) // the pattern is well-formed
	for _, dir := range found {
		runs = append(runs, strings.TrimPrefix(filepath.Base(dir), folderPrefix))
	}
	return runs
}

// OpenTunnel makes a tunnel to an endpoint that is not [Endpoint.Direct]. Its socket is
// in the folder dir, which it makes, with a note from which [ResumeTunnel] makes it
// again.
func OpenTunnel(dir string, to Endpoint) (*Tunnel, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open a tunnel to %s: %w", to.Host, err)
	}
	d := dialing{Docker: to.Docker, Env: to.environ}
	content, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("open a tunnel to %s: %w", to.Host, err)
	}
	held := lockOf(dir)
	if ours, err := held.TryLock(); err != nil || !ours {
		return nil, fmt.Errorf("open a tunnel to %s: %s is another process's: %w", to.Host, dir, err)
	}
	if err := atomicwriter.WriteFile(filepath.Join(dir, noteName), content, 0o600); err != nil {
		return nil, fmt.Errorf("open a tunnel to %s: %w", to.Host, err)
	}
	return d.listen(dir, held)
}

// lockOf is held by the process that serves the tunnel in a folder.
func lockOf(dir string) *flock.Flock { return flock.New(filepath.Join(dir, "lock")) }

// ResumeTunnel makes the tunnel again that a process had in the folder and that ended
// with it, for which it waits until ctx ends. If the folder has none, it returns one
// that only closes.
func ResumeTunnel(ctx context.Context, dir string) (*Tunnel, error) {
	none := &Tunnel{}
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return none, nil
	}
	held := lockOf(dir)
	if ours, err := held.TryLockContext(ctx, lockPause); err != nil || !ours {
		return none, fmt.Errorf("reach the engine of %s again: another process serves it: %w", dir, err)
	}
	content, err := os.ReadFile(filepath.Join(dir, noteName))
	if errors.Is(err, fs.ErrNotExist) {
		// The process was killed before it made any.
		return none, errors.Join(os.RemoveAll(dir), held.Unlock())
	}
	var d dialing
	if err == nil {
		err = json.Unmarshal(content, &d)
	}
	if err != nil {
		return none, errors.Join(fmt.Errorf("reach the engine of %s again: %w", dir, err), held.Unlock())
	}
	return d.listen(dir, held)
}

// IsServed reports whether a process serves the tunnel in a folder.
func IsServed(dir string) bool {
	held := lockOf(dir)
	ours, err := held.TryLock()
	if ours {
		_ = held.Unlock()
	}
	return err == nil && !ours
}

// lockPause is the time between attempts to take a lock that another process holds.
const lockPause = 50 * time.Millisecond

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
	dir, err := os.MkdirTemp("", "engine-for-builders-")
	if err != nil {
		return nil, nil, fmt.Errorf("open a tunnel to %s: %w", to.Host, err)
	}
	if t, err = OpenTunnel(dir, to); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return t, t.Remove, nil
}

func (d dialing) listen(dir string, held *flock.Flock) (*Tunnel, error) {
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
	t := &Tunnel{Host: "unix://" + socket, dir: dir, held: held, listener: listener, cancel: cancel}
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

// Remove ends the tunnel for good: nobody can resume it.
func (t *Tunnel) Remove() error {
	if t.listener == nil {
		return nil
	}
	// The lock goes last: until then nobody else resumes it.
	return errors.Join(t.stop(), os.RemoveAll(t.dir), t.held.Unlock())
}

// Close ends the tunnel and its connections; another process may resume it.
func (t *Tunnel) Close() error {
	if t.listener == nil {
		return nil
	}
	return errors.Join(t.stop(), t.held.Unlock())
}

func (t *Tunnel) stop() error {
	t.cancel()
	err := t.listener.Close()
	t.serving.Wait()
	return err
}
