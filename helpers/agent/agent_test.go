package agent

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	sshagent "golang.org/x/crypto/ssh/agent"
)

func TestTheAgentHoldsOneKeyWithTheComment(t *testing.T) {
	keys, err := keyring("told in the build")
	require.NoError(t, err)
	socket := filepath.Join(t.TempDir(), "agent")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	defer listener.Close()
	go answer(listener, keys)

	// A second connection is served as the first one was.
	for range 2 {
		connection, err := net.Dial("unix", socket)
		require.NoError(t, err)
		defer connection.Close()
		held, err := sshagent.NewClient(connection).List()
		require.NoError(t, err)
		require.Len(t, held, 1)
		require.Equal(t, "told in the build", held[0].Comment)
	}
}
