package rehearsal

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
)

// noProxy are the hosts that clients reach directly.
const noProxy = "localhost,127.0.0.1"

// proxy is the address of the world's proxy.
func (w *World) proxy() string { return "http://" + net.JoinHostPort(Address, "3128") }

// openProxy starts the proxy of a network that has one.
func (w *World) openProxy(context.Context) error {
	if w.conditions.Way != Proxied {
		return nil
	}
	for _, m := range w.machines() {
		listener, err := m.listen("3128")
		if err != nil {
			return err
		}
		server := &http.Server{Handler: http.HandlerFunc(m.tunnel)}
		go func() { _ = server.Serve(listener) }()
		w.onClose(func(context.Context) error { return server.Close() })
	}
	return nil
}

// tunnel connects a client with one of the world's registries.
func (m *machine) tunnel(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	if r.Method != http.MethodConnect || err != nil || !slices.Contains(names, host) {
		http.Error(w, "the proxy connects to registries only", http.StatusForbidden)
		return
	}
	there, err := m.dial(port)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	if _, err := io.WriteString(here, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	connect(readWriter{buffered, here}, there)
}

// readWriter reads what was read ahead of a connection first.
type readWriter struct {
	io.Reader
	io.Writer
}

// connect copies in both directions until both have ended, and tells each side when
// the other will send no more.
func connect(one, other io.ReadWriter) {
	var both sync.WaitGroup
	for from, to := range map[io.ReadWriter]io.ReadWriter{one: other, other: one} {
		both.Go(func() {
			_, _ = io.Copy(to, from)
			if half, ok := to.(interface{ CloseWrite() error }); ok {
				_ = half.CloseWrite()
			}
		})
	}
	both.Wait()
}
