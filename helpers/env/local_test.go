package env

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLocal(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "engine.sock")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	here := Engine{Host: "unix://" + socket, Root: dir}
	require.NoError(t, here.Local())

	here.Root = filepath.Join(dir, "none")
	require.ErrorContains(t, here.Local(), "is not on this machine")

	require.EqualError(t, Engine{Host: "unix://" + socket, Root: dir, Via: "ssh://far"}.Local(), "the engine is reached at ssh://far")
	require.EqualError(t, Engine{Host: "tcp://10.0.0.1:2375", Root: dir}.Local(), "the engine is reached at tcp://10.0.0.1:2375")
}
