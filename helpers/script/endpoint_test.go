package script

import (
	"errors"
	"net"
	"testing"

	"builders.test/helpers/engine/relay"
	"builders.test/helpers/env"
	"builders.test/helpers/spec"
	"gotest.tools/v3/assert"
)

func TestAnEndpointThatTheScriptChose(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	assert.NilError(t, err)
	defer listener.Close()
	alive, dead := "tcp://"+listener.Addr().String(), "tcp://127.0.0.1:1"
	const own = "unix:///nobody/own.sock"
	failure := errors.New("docker failed")

	for what, c := range map[string]struct {
		args []string
		want string
	}{
		"no endpoint":             {[]string{"buildx", "ls"}, "docker failed"},
		"one that is alive":       {[]string{"buildx", "create", alive}, "docker failed"},
		"the engine under test":   {[]string{"buildx", "create", own}, "docker failed"},
		"a dead one":              {[]string{"buildx", "create", "--append", dead}, "nothing answers at tcp://127.0.0.1:1, which the script names: dial tcp 127.0.0.1:1: connect: connection refused"},
		"a dead one in a flag":    {[]string{"context", "create", "--docker", "host=" + dead}, "nothing answers at tcp://127.0.0.1:1"},
		"a socket that is gone":   {[]string{"--host", "unix:///nobody/here.sock", "ps"}, "nothing answers at unix:///nobody/here.sock"},
		"a BuildKit, the subject": {[]string{"buildx", "create", "--driver", "remote", dead}, "docker failed"},
	} {
		r := &runner{relay: new(relay.Relay), t: &spec.T{TB: t, Env: &env.Environment{Engine: env.Engine{Host: own}}}}
		r.noteEndpoints(c.args)
		r.noteEndpoints([]string{"buildx", "inspect"})
		assert.ErrorContains(t, r.blameEndpoint(failure), c.want, what)
	}
}
