package endpoint

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain lets this program be the docker command of a tunnel: it connects its
// streams with the socket in DOCKER_HOST.
func TestMain(m *testing.M) {
	if len(os.Args) != 3 || os.Args[1] != "system" || os.Args[2] != "dial-stdio" {
		os.Exit(m.Run())
	}
	conn, err := net.Dial("unix", os.Getenv("DOCKER_HOST"))
	if err != nil {
		os.Exit(1)
	}
	var up sync.WaitGroup
	up.Go(func() {
		_, _ = io.Copy(conn, os.Stdin)
		_ = conn.(*net.UnixConn).CloseWrite()
	})
	_, _ = io.Copy(os.Stdout, conn)
}

// echo is an engine that returns what it gets, once it has all of it.
func echo(t *testing.T) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "echo.sock")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				got, _ := io.ReadAll(conn)
				_, _ = conn.Write(got)
			}()
		}
	}()
	return socket
}

func ask(t *testing.T, tunnel *Tunnel, question string) string {
	t.Helper()
	conn, err := net.Dial("unix", tunnel.Host[len("unix://"):])
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, question)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.UnixConn).CloseWrite())
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	return string(answer)
}

func TestTunnel(t *testing.T) {
	program, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	to := Endpoint{Docker: program, Host: "ssh://far", environ: []string{"DOCKER_HOST=" + echo(t)}}

	first, err := OpenTunnel(dir, to)
	require.NoError(t, err)
	require.Equal(t, "hello", ask(t, first, "hello"))
	require.NoError(t, first.Close())

	// What is left of a process that was killed is a socket that nobody listens on.
	require.NoError(t, os.WriteFile(filepath.Join(dir, socketName), nil, 0o600))
	again, err := ResumeTunnel(t.Context(), dir)
	require.NoError(t, err)
	require.Equal(t, first.Host, again.Host)
	require.Equal(t, "hello again", ask(t, again, "hello again"))
	require.True(t, IsServed(dir))
	soon, cancel := context.WithTimeout(t.Context(), lockPause)
	defer cancel()
	_, err = ResumeTunnel(soon, dir)
	require.ErrorContains(t, err, "another process serves it")
	require.NoError(t, again.Remove())
	require.NoDirExists(t, dir)

	none, err := ResumeTunnel(t.Context(), dir)
	require.NoError(t, err)
	require.NoError(t, none.Close())
}
