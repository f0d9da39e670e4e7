package builder

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"builders.test/helpers/cli"
	"builders.test/helpers/env"
	"builders.test/helpers/spec"
)

// Transport is a way to reach a BuildKit that buildx did not start.
type Transport string

// The transports of the remote driver. All but DockerExec need an engine on
// this machine.
const (
	DockerExec Transport = "docker-container"
	UnixSocket Transport = "unix"
	PlainTCP   Transport = "tcp"
	MutualTLS  Transport = "tcp with mutual TLS"
)

// daemonPatience is how long a BuildKit may take to answer.
const daemonPatience = 30 * time.Second

// daemonPause is the time between two questions.
const daemonPause = 100 * time.Millisecond

// configInside is where the daemon finds its configuration: not every image
// has a folder for it.
const configInside = "/buildkitd.toml"

// daemon is a BuildKit in a container of ours, as an administrator would run
// one for others.
type daemon struct {
	name      string
	transport Transport
	address   string
	// certificates is the folder with those of both sides.
	certificates string
}

// volume holds the daemon's state.
func (d *daemon) volume() string { return d.name + "_state" }

func (d *daemon) start(t *spec.T, s settings) error {
	t.Helper()
	args := []string{
		"create", "--name", d.name, "--label", env.RunLabel + "=" + t.Env.Run,
		"--privileged", "--network", "host", "--volume", d.volume() + ":/var/lib/buildkit",
	}
	mounts, flags, err := d.listen(t)
	if err != nil {
		return err
	}
	config := s.configFile(t)
	if config != "" {
		flags = append(flags, "--config", configInside)
	}
	steps := [][]string{append(append(append(args, mounts...), s.image), flags...)}
	if config != "" {
		// A copy reaches engines that cannot see this machine's files.
		steps = append(steps, []string{"cp", config, d.name + ":" + configInside})
	}
	for _, step := range append(steps, []string{"start", d.name}) {
		if result := s.home.Try(t, step...); result.ExitCode != 0 || result.Timeout {
			return errors.New(cli.Complaint(result))
		}
	}
	return d.await(t, s.home)
}

// listen says where the daemon listens: by mounts of its container and by
// flags of its program. The default socket stays, for `docker exec`.
func (d *daemon) listen(t *spec.T) (mounts, flags []string, err error) {
	t.Helper()
	flags = []string{"--addr", "unix:///run/buildkit/buildkitd.sock"}
	switch d.transport {
	case DockerExec:
		d.address = "docker-container://" + d.name
		return nil, flags, nil
	case UnixSocket:
		dir := filepath.Join(t.Env.Dir, t.Env.Name("s"))
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, nil, err
		}
		d.address = "unix://" + filepath.Join(dir, "buildkitd.sock")
		return []string{"--volume", dir + ":/run/buildkit"}, flags, nil
	}
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	d.address = fmt.Sprintf("tcp://127.0.0.1:%d", port)
	flags = append(flags, "--addr", d.address)
	if d.transport == PlainTCP {
		return nil, flags, nil
	}
	d.certificates = filepath.Join(t.Env.Dir, t.Env.Name("certificates"))
	if err := writeCertificates(d.certificates); err != nil {
		return nil, nil, err
	}
	flags = append(flags, "--tlscacert", "/certs/ca.pem", "--tlscert", "/certs/server.pem", "--tlskey", "/certs/server-key.pem")
	return []string{"--volume", d.certificates + ":/certs:ro"}, flags, nil
}

// createArgs are the words of docker buildx create that lead to the daemon.
func (d *daemon) createArgs() []string {
	if d.transport != MutualTLS {
		return []string{d.address}
	}
	return []string{"--driver-opt", fmt.Sprintf("cacert=%s,cert=%s,key=%s",
		filepath.Join(d.certificates, "ca.pem"), filepath.Join(d.certificates, "client.pem"), filepath.Join(d.certificates, "client-key.pem")), d.address}
}

// await waits until the daemon answers on its own socket.
func (d *daemon) await(t *spec.T, home cli.Home) error {
	t.Helper()
	deadline := time.Now().Add(daemonPatience)
	for {
		result := home.Try(t, "exec", d.name, "buildctl", "debug", "workers")
		if result.ExitCode == 0 {
			return nil
		}
		if time.Now().After(deadline) || t.Context().Err() != nil {
			return fmt.Errorf("the daemon %s does not answer within %s: %s", d.name, daemonPatience, cli.Complaint(result))
		}
		time.Sleep(daemonPause)
	}
}

func (d *daemon) remove(t *spec.T) {
	t.Helper()
	home := cli.NewHome(t)
	for _, args := range [][]string{
		{"rm", "--force", "--volumes", d.name},
		{"volume", "rm", "--force", d.volume()},
	} {
		if result := home.CleanUp(t, args...); result.ExitCode != 0 {
			t.Errorf("clean-up: %s", cli.Complaint(result))
		}
	}
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
