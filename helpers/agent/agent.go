// Package agent serves an SSH agent for the length of a spec, so that specs
// can forward one without touching the user's.
package agent

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net"
	"path/filepath"

	"builders.test/helpers/spec"
	sshagent "golang.org/x/crypto/ssh/agent"
)

// Serve starts an agent that holds one new key with this comment, and returns
// the path of its socket. The agent is gone when the spec ends.
func Serve(t *spec.T, comment string) string {
	t.Helper()
	keys, err := keyring(comment)
	if err != nil {
		t.EnvironmentFailed("make an SSH key: %v", err)
	}
	socket := filepath.Join(t.Env.Dir, t.Env.Name("agent"))
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.EnvironmentFailed("serve an SSH agent: %v", err)
	}
	t.Cleanup(func() {
		if err := listener.Close(); err != nil {
			t.Errorf("clean-up: stop the SSH agent: %v", err)
		}
	})
	go answer(listener, keys)
	return socket
}

func keyring(comment string) (sshagent.Agent, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	keys := sshagent.NewKeyring()
	return keys, keys.Add(sshagent.AddedKey{PrivateKey: private, Comment: comment})
}

// answer serves one connection after the other until the listener is closed.
// An agent that hangs up early shows in the build that asked it.
func answer(listener net.Listener, keys sshagent.Agent) {
	for {
		connection, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		go func() {
			defer connection.Close()
			_ = sshagent.ServeAgent(keys, connection)
		}()
	}
}
