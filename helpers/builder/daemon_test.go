package builder

import (
	"os"
	"testing"

	"gotest.tools/v3/assert"
)

func TestLastLine(t *testing.T) {
	log, err := os.ReadFile("testdata/daemon-ended.log")
	assert.NilError(t, err)
	assert.Equal(t, lastLine(string(log)), "buildkitd: addr bogus://x not supported")
	assert.Equal(t, lastLine("one\ntwo\n"), "two")
	assert.Equal(t, lastLine(""), "")
}

func TestCreateArgs(t *testing.T) {
	tls := &daemon{addresses: map[Transport]string{MutualTLS: "tcp://127.0.0.1:1"}, certificates: "/c"}
	for cert, options := range map[Certificate]string{
		TrustedCert:   "cacert=/c/ca.pem,cert=/c/client.pem,key=/c/client-key.pem",
		UntrustedCert: "cacert=/c/ca.pem,cert=/c/stranger.pem,key=/c/stranger-key.pem",
		NoCert:        "cacert=/c/ca.pem",
	} {
		assert.DeepEqual(t, tls.createArgs(MutualTLS, cert), []string{"--driver-opt", options, "tcp://127.0.0.1:1"})
	}
	plain := &daemon{addresses: map[Transport]string{UnixSocket: "unix:///s", PlainTCP: "tcp://127.0.0.1:1"}}
	assert.DeepEqual(t, plain.createArgs(UnixSocket, TrustedCert), []string{"unix:///s"})
	assert.DeepEqual(t, plain.createArgs(PlainTCP, TrustedCert), []string{"tcp://127.0.0.1:1"})
}
