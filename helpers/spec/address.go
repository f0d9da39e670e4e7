package spec

import "net"

// FreeAddress is host:port of a loopback port that nothing listens on. Another
// process may take it before the spec's own does; that one then fails to start
// and says so.
func (t *T) FreeAddress() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	t.EnvironmentOK(err, "find a free port")
	defer listener.Close()
	return listener.Addr().String()
}
