package cli

import (
	"os"
	"strings"
	"time"

	"builders.test/helpers/spec"
	"gotest.tools/v3/icmd"
)

// Running is a command that has started.
type Running struct {
	config  Config
	command []string
	started time.Time
	// took and result may be read only after the end, except for the streams.
	took   time.Duration
	result *icmd.Result
	ended  chan struct{}
	// cut notes that it was not left to end by itself.
	cut func()
}

// Start starts a docker command and returns while it runs. If the spec ends
// first, the command is interrupted and awaited.
func (c Config) Start(t *spec.T, args ...string) *Running {
	r := begin(t, remaining(t), c, append([]string{t.Env.Docker}, args...))
	t.Cleanup(r.end)
	return r
}

func begin(t *spec.T, timeout time.Duration, c Config, command []string) *Running {
	r := &Running{config: c, command: command, started: time.Now(), ended: make(chan struct{}), cut: t.Env.Cut}
	started := icmd.Cmd{Command: c.started(t, command), Dir: c.in, Env: c.environment(t)}
	if c.stdin != "" {
		started.Stdin = strings.NewReader(c.stdin)
	}
	r.result = icmd.StartCmd(started)
	// What is said of the command is said as a person would type it.
	r.result.Cmd.Args = command
	if r.result.Error != nil {
		close(r.ended)
		return r
	}
	go func() {
		defer close(r.ended)
		icmd.WaitOnCmd(timeout, r.result)
		r.took = time.Since(r.started)
		if state := r.result.Cmd.ProcessState; r.result.Timeout || state == nil || !state.Exited() {
			r.cut()
		}
	}()
	return r
}

// end interrupts the command if it still runs. Its own timeout bounds the wait.
func (r *Running) end() {
	select {
	case <-r.ended:
	default:
		r.cut()
		// It may end on its own at this moment, which is fine.
		_ = r.result.Cmd.Process.Signal(os.Interrupt)
		<-r.ended
	}
}

// Ended is closed when the command has ended.
func (r *Running) Ended() <-chan struct{} { return r.ended }

// cpu is the processor time, in seconds, of a command that has ended.
func (r *Running) cpu() float64 {
	state := r.result.Cmd.ProcessState
	if state == nil {
		return 0
	}
	return (state.UserTime() + state.SystemTime()).Seconds()
}

// Stderr returns what the command has written to its standard error so far.
func (r *Running) Stderr() string { return r.result.Stderr() }

// Wait waits until the command ends, keeps it as evidence, and returns its
// result, whatever it is.
func (r *Running) Wait(t *spec.T) *icmd.Result {
	<-r.ended
	keep(t, r)
	if r.command[0] == t.Env.Docker {
		tell(t, r.command[1:], r.result)
	}
	return r.result
}
