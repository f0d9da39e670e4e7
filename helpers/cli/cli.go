// Package cli runs the docker command on behalf of a claim and keeps every
// run as evidence.
package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"builders.test/helpers/claim"
	"builders.test/helpers/evidence"
	"builders.test/helpers/spec"
	"gotest.tools/v3/icmd"
)

// cleanUpTimeout bounds clean-up commands after a claim's own deadline has
// passed.
const cleanUpTimeout = time.Minute

// Config is a separate buildx configuration: its builders and its current builder
// are unknown to every other one.
type Config struct {
	// Dir is what BUILDX_CONFIG is set to.
	Dir   string
	env   []string
	in    string
	stdin string
	// engine is the endpoint through which its commands reach the engine under test;
	// empty for the engine's own.
	engine string
	// byDocker says that buildx is started by the docker command.
	byDocker bool
}

// NewConfig returns an empty configuration. It is removed with the run's folder, so that
// it is still whole when it is looked at later and when its builders are cleaned up.
func NewConfig(t *spec.T) Config {
	dir := filepath.Join(t.Env.Dir, t.Env.Name("home"))
	t.EnvironmentOK(os.Mkdir(dir, 0o700), "create a buildx configuration folder")
	return Config{Dir: dir}
}

// NewContext returns the name of a docker context for the engine under test.
// buildx wants a different endpoint for each node of a builder; contexts turn one
// engine into many endpoints. The context exists only in the run's own
// configuration.
func NewContext(t *spec.T) string {
	name := t.Env.Name("context")
	NewConfig(t).Docker(t, "context", "create", name, "--docker", "host="+t.Env.Engine.Host)
	return name
}

// With returns the same configuration with additional variables for its commands,
// given as KEY=value.
func (c Config) With(env ...string) Config {
	c.env = append(append([]string{}, c.env...), env...)
	return c
}

// Through returns the same configuration whose commands reach the engine under test by
// way of a relay at this endpoint.
func (c Config) Through(endpoint string) Config {
	c.engine = endpoint
	return c
}

// ByDocker returns the same configuration whose buildx commands are started by the docker
// command, for claims about that. Other commands start the plugin themselves, as what
// it also is, a program of its own: the docker command would start it twice, which takes
// three times as long as the plugin takes to start.
func (c Config) ByDocker() Config {
	c.byDocker = true
	return c
}

// In returns the same configuration with another working folder for its commands.
func (c Config) In(folder string) Config {
	c.in = folder
	return c
}

// Reading returns the same configuration with a text as standard input for its
// commands, which is otherwise empty.
func (c Config) Reading(stdin string) Config {
	c.stdin = stdin
	return c
}

// Docker runs the docker command and fails the claim if it does not succeed.
func (c Config) Docker(t *spec.T, args ...string) *icmd.Result {
	return Must(t, c.Try(t, args...))
}

// Buildx runs docker buildx and fails the claim if it does not succeed.
func (c Config) Buildx(t *spec.T, args ...string) *icmd.Result {
	return c.Docker(t, append([]string{"buildx"}, args...)...)
}

// Try runs the docker command and returns its result, whatever it is.
func (c Config) Try(t *spec.T, args ...string) *icmd.Result {
	return c.run(t, remaining(t), args)
}

// CleanUp runs the docker command with its own deadline, so that it can remove
// things after the claim's deadline has passed.
func (c Config) CleanUp(t *spec.T, args ...string) *icmd.Result {
	return c.run(t, cleanUpTimeout, args)
}

func (c Config) run(t *spec.T, timeout time.Duration, args []string) *icmd.Result {
	return begin(t, timeout, c, append([]string{t.Env.Docker}, args...)).Wait(t)
}

// environment returns the environment of a command. A relay speaks no TLS, whatever the
// engine does.
func (c Config) environment(t *spec.T) []string {
	if c.engine == "" {
		return t.Env.Environ(c.variables()...)
	}
	return t.Env.Environ(append(Relayed(c.engine), c.variables()...)...)
}

// Relayed returns the variables by which the docker command finds a relay.
func Relayed(endpoint string) []string {
	return []string{"DOCKER_HOST=" + endpoint, "DOCKER_TLS_VERIFY="}
}

// variables returns the configuration's own environment variables, with which a command
// can be repeated by hand. Programs other than docker get no BUILDX_CONFIG.
func (c Config) variables() []string {
	if c.Dir == "" {
		return c.env
	}
	return append([]string{"BUILDX_CONFIG=" + c.Dir}, c.env...)
}

// Must fails the claim if a command did not succeed, and returns its result.
func Must(t *spec.T, result *icmd.Result) *icmd.Result {
	if err := Err(result); err != nil {
		t.Fatalf("%v", err)
	}
	return result
}

// Err is nil for a command that succeeded, and otherwise [FailureMessage].
func Err(result *icmd.Result) error {
	if result.ExitCode == 0 && !result.Timeout {
		return nil
	}
	return errors.New(FailureMessage(result))
}

// Program runs a program other than the docker command, in the same environment,
// and fails the claim if it does not succeed.
func Program(t *spec.T, command ...string) *icmd.Result {
	return Must(t, TryProgram(t, command...))
}

// TryProgram runs a program other than the docker command and returns its
// result, whatever it is.
func TryProgram(t *spec.T, command ...string) *icmd.Result {
	return begin(t, remaining(t), Config{}, command).Wait(t)
}

// started returns the command line that is started for a docker command.
func (c Config) started(t *spec.T, command []string) []string {
	if c.byDocker || t.Env.Buildx.Path == "" || command[0] != t.Env.Docker || len(command) < 2 || command[1] != "buildx" {
		return command
	}
	return append([]string{t.Env.Buildx.Path}, command[2:]...)
}

// shown returns a command as a person would type it: without the folder of the
// docker command.
func shown(command []string) []string {
	if filepath.Base(command[0]) != "docker" {
		return command
	}
	return append([]string{"docker"}, command[1:]...)
}

func keep(t *spec.T, r *Running) {
	set := []string{"DOCKER_HOST=" + t.Env.Engine.Host, "DOCKER_CONFIG=" + t.Env.DockerConfig()}
	err := t.Evidence.Command(evidence.Command{
		Args: shown(r.command), Env: append(set, r.config.variables()...), Own: t.Env.Dir,
		Started: r.started.UTC(), Seconds: r.took.Seconds(), CPU: r.cpu(),
		Exit: r.result.ExitCode, TimedOut: r.result.Timeout,
		Stdin: []byte(r.config.stdin), Stdout: []byte(r.result.Stdout()), Stderr: []byte(r.result.Stderr()),
	})
	t.EnvironmentOK(err, "cannot save the evidence")
}

// remaining returns the time left until the claim's deadline. It is never zero,
// which icmd takes for no limit.
func remaining(t *spec.T) time.Duration {
	deadline, ok := t.Context().Deadline()
	if !ok {
		return claim.DefaultDeadline
	}
	return max(time.Until(deadline), time.Millisecond)
}

// FailureMessage says in one line which command failed and what it said last.
func FailureMessage(result *icmd.Result) string {
	line := evidence.Line(nil, shown(result.Cmd.Args))
	if result.Timeout {
		return "`" + line + "` did not end before the claim's deadline"
	}
	return "`" + line + "` failed: " + LastLine(result)
}

// LastLine returns the last line of what a command said that is not progress.
func LastLine(result *icmd.Result) string {
	_, said := evidence.SplitProgress([]byte(result.Stderr()))
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	if result.Error != nil {
		return result.Error.Error()
	}
	return "without a word"
}
