package builder

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"builders.test/helpers/cli"
	"builders.test/helpers/env"
	"builders.test/helpers/internal/poll"
	"builders.test/helpers/spec"
	"gotest.tools/v3/icmd"
)

// Transport is a way to reach a BuildKit that buildx did not start.
type Transport string

// The transports of the remote driver. All but DockerExec need an engine on
// this machine ([claim.LocalEngine]).
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

// configInside is the path of the daemon's configuration in its container. It is
// in the root because not every image has a folder for it.
const configInside = "/buildkitd.toml"

// daemon is a BuildKit in a container of ours, run as an administrator would run
// one for others. The names of its container and volume carry the run's id, and
// the container also has the run's label, so that the janitor finds both.
type daemon struct {
	name string
	// transport is how its own builder reaches it.
	transport Transport
	// addresses are where it listens. A daemon that is reached without TLS over its socket
	// or its port has both.
	addresses map[Transport]string
	// certificates is the folder with the certificates of all sides; empty without TLS.
	certificates string
}

// volume holds the daemon's state.
func (d *daemon) volume() string { return d.name + "_state" }

// start runs the daemon, unless it is to be down, and waits until it answers. The error
// includes the last line of its log, if it has one.
func (d *daemon) start(t *spec.T, s settings) error {
	args := []string{
		"create", "--name", d.name, "--label", env.RunLabel + "=" + t.Env.Run,
		"--privileged", "--network", "host", "--volume", d.volume() + ":/var/lib/buildkit",
	}
	for _, variable := range t.Env.Proxies() {
		args = append(args, "--env", variable)
	}
	mounts, flags := d.listen(t)
	config := s.configFile(t)
	if config != "" {
		flags = append(flags, "--config", configInside)
	}
	steps := [][]string{append(append(append(args, mounts...), s.image), flags...)}
	if config != "" {
		// A copy reaches engines that cannot see this machine's files.
		steps = append(steps, []string{"cp", config, d.name + ":" + configInside})
	}
	if !s.down {
		steps = append(steps, []string{"start", d.name})
	}
	for _, step := range steps {
		if err := cli.Err(s.config.Try(t, step...)); err != nil {
			return err
		}
	}
	if s.down {
		return nil
	}
	return d.await(t, s.config)
}

// listen returns the mounts of the daemon's container and the flags of its
// program that say where it listens. The default socket stays, for `docker exec`.
func (d *daemon) listen(t *spec.T) (mounts, flags []string) {
	flags = []string{"--addr", "unix:///run/buildkit/buildkitd.sock"}
	d.addresses = map[Transport]string{DockerExec: "docker-container://" + d.name}
	if d.transport == DockerExec {
		return nil, flags
	}
	port := "tcp://" + t.FreeAddress()
	flags = append(flags, "--addr", port)
	if d.transport == MutualTLS {
		d.addresses[MutualTLS] = port
		d.certificates = filepath.Join(t.Env.Dir, t.Env.Name("certificates"))
		if err := writeCertificates(d.certificates); err != nil {
			t.EnvironmentFailed("%v", err)
		}
		flags = append(flags, "--tlscacert", "/certs/ca.pem", "--tlscert", "/certs/server.pem", "--tlskey", "/certs/server-key.pem")
		return []string{"--volume", d.certificates + ":/certs:ro"}, flags
	}
	dir := filepath.Join(t.Env.Dir, t.Env.Name("s"))
	t.EnvironmentOK(os.Mkdir(dir, 0o700), "create a folder for the daemon's socket")
	d.addresses[PlainTCP], d.addresses[UnixSocket] = port, "unix://"+filepath.Join(dir, "buildkitd.sock")
	// The daemon is root; the user of the specs need not be.
	flags = append(flags, "--group", strconv.Itoa(os.Getgid()))
	return []string{"--volume", dir + ":/run/buildkit"}, flags
}

// createArgs returns the arguments of docker buildx create that lead to the daemon.
func (d *daemon) createArgs(over Transport, cert Certificate) []string {
	address := d.addresses[over]
	if over != MutualTLS {
		return []string{address}
	}
	file := func(name string) string { return filepath.Join(d.certificates, name+".pem") }
	options := "cacert=" + file("ca")
	if cert != NoCert {
		options += fmt.Sprintf(",cert=%s,key=%s", file(string(cert)), file(string(cert)+"-key"))
	}
	return []string{"--driver-opt", options, address}
}

// await waits until the daemon answers on its own socket, or ends.
func (d *daemon) await(t *spec.T, config cli.Config) error {
	ctx, cancel := context.WithTimeout(t.Context(), daemonPatience)
	defer cancel()
	var answer *icmd.Result
	err := poll.Until(ctx, daemonPause, func() (bool, error) {
		answer = config.Try(t, "exec", d.name, "buildctl", "debug", "workers")
		if answer.ExitCode != 0 && !d.runs(t) {
			return false, d.ended(t, config)
		}
		return answer.ExitCode == 0, nil
	})
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return fmt.Errorf("the daemon %s does not answer within %s: %s; its log ends with: %s", d.name, daemonPatience, cli.FailureMessage(answer), lastLine(d.log(t, config)))
	}
	return err
}

func (d *daemon) runs(t *spec.T) bool {
	found, err := t.Env.Client.ContainerInspect(t.Context(), d.name)
	return err != nil || found.State.Running
}

// ended says why the daemon ended. Its port was free a moment before; if another
// process has taken it, that is not BuildKit's fault.
func (d *daemon) ended(t *spec.T, config cli.Config) error {
	said := d.log(t, config)
	if strings.Contains(said, "address already in use") {
		t.EnvironmentFailed("another process took the daemon's port: %s", lastLine(said))
	}
	return fmt.Errorf("the daemon %s exited immediately and printed: %s", d.name, lastLine(said))
}

// log returns what the daemon logged, and keeps it as evidence.
func (d *daemon) log(t *spec.T, config cli.Config) string {
	said := config.CleanUp(t, "logs", "--tail", logLines, d.name).Combined()
	if err := t.Evidence.Note(d.name+".log", said); err != nil {
		t.Logf("evidence: %v", err)
	}
	return said
}

// lastLine returns what a daemon's log says about its end: the line that
// buildkitd signs, which a stack trace may follow, or else the last line.
func lastLine(log string) string {
	lines := strings.Split(strings.TrimSpace(log), "\n")
	for _, line := range slices.Backward(lines) {
		if strings.HasPrefix(line, "buildkitd: ") {
			return line
		}
	}
	return lines[len(lines)-1]
}

func (d *daemon) remove(t *spec.T) {
	config := cli.NewConfig(t)
	for _, args := range [][]string{
		{"rm", "--force", "--volumes", d.name},
		{"volume", "rm", "--force", d.volume()},
	} {
		if err := cli.Err(config.CleanUp(t, args...)); err != nil {
			t.Errorf("clean-up: %v", err)
		}
	}
}
