package spec

import "net"

// FreeAddress returns host:port of a loopback port that nothing listens on. If
// another process takes it before the spec's own does, the latter fails to start
// and says so.
func (t *T) FreeAddress() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	t.EnvironmentOK(err, "find a free port")
	defer listener.Close()
	return listener.Addr().String()
}
