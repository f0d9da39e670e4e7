package builder

import (
	"os"
	"testing"

	"gotest.tools/v3/assert"
)

func TestLastWords(t *testing.T) {
	log, err := os.ReadFile("testdata/daemon-ended.log")
	assert.NilError(t, err)
	assert.Equal(t, lastWords(string(log)), "buildkitd: addr bogus://x not supported")
	assert.Equal(t, lastWords("one\ntwo\n"), "two")
	assert.Equal(t, lastWords(""), "")
}

func TestCreateArgs(t *testing.T) {
	tls := &daemon{transport: MutualTLS, address: "tcp://127.0.0.1:1", certificates: "/c"}
	for who, options := range map[Identity]string{
		Client:   "cacert=/c/ca.pem,cert=/c/client.pem,key=/c/client-key.pem",
		Stranger: "cacert=/c/ca.pem,cert=/c/stranger.pem,key=/c/stranger-key.pem",
		Nobody:   "cacert=/c/ca.pem",
	} {
		assert.DeepEqual(t, tls.createArgs(who), []string{"--driver-opt", options, "tcp://127.0.0.1:1"})
	}
	plain := &daemon{transport: UnixSocket, address: "unix:///s"}
	assert.DeepEqual(t, plain.createArgs(Client), []string{"unix:///s"})
}
