package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/moby/sys/atomicwriter"
	"github.com/prometheus/procfs"
)

// Identity names one process beyond doubt: a pid is reused after a while, a pid
// with its start time is not.
type Identity struct {
	PID int `json:"pid"`
	// Started is in clock ticks since boot: setting the clock changes nothing.
	Started uint64 `json:"started"`
}

// Of returns the identity of the process that has the pid now.
func Of(pid int) (Identity, error) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return Identity{}, err
	}
	stat, err := running(p)
	return Identity{PID: pid, Started: stat.Starttime}, err
}

// running returns the state of a process that has not ended.
func running(p procfs.Proc) (procfs.ProcStat, error) {
	stat, err := p.Stat()
	if err == nil && (stat.State == "Z" || stat.State == "X") {
		err = fmt.Errorf("process %d has ended", p.PID)
	}
	return stat, err
}

// Alive reports whether this very process runs.
func (id Identity) Alive() bool {
	now, err := Of(id.PID)
	return err == nil && id.PID > 0 && now == id
}

// Stop ends the process with SIGTERM and, after grace, by force. It returns when
// the process is gone, or an error if the process stays.
func (id Identity) Stop(grace time.Duration) error {
	if !id.Alive() {
		return nil
	}
	if err := syscall.Kill(id.PID, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	if id.gone(grace) {
		return nil
	}
	if err := syscall.Kill(id.PID, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	if id.gone(5 * time.Second) {
		return nil
	}
	return fmt.Errorf("process %d does not end", id.PID)
}

// Kill ends the process at once, if it is still this one.
func (id Identity) Kill() {
	if id.Alive() {
		_ = syscall.Kill(id.PID, syscall.SIGKILL)
	}
}

func (id Identity) gone(within time.Duration) bool {
	return Await(within, func() bool { return !id.Alive() })
}

// Daemon is a program that outlives the one that starts it.
type Daemon struct {
	Args []string
	Env  []string
	// Log is the file that receives both streams; it starts empty.
	Log string
	// Record is the file with the [Identity] and the Key while the daemon runs.
	Record string
	// Key says what was started; a daemon with another key is not this one.
	Key string
}

type record struct {
	Identity
	Key string `json:"key"`
}

// Running returns the daemon's identity and the key it was started with, if it
// runs.
func (d Daemon) Running() (Identity, string, bool) {
	data, err := os.ReadFile(d.Record)
	if err != nil {
		return Identity{}, "", false
	}
	var r record
	if json.Unmarshal(data, &r) != nil || !r.Alive() {
		return Identity{}, "", false
	}
	return r.Identity, r.Key, true
}

// StartLimit is how long the lab's daemons may take to answer.
const StartLimit = 60 * time.Second

// PlainEnv returns the caller's environment without what would steer the lab's
// daemons.
func PlainEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "REGISTRY_") || strings.HasPrefix(v, "DOCKER_") || strings.HasPrefix(v, "OTEL_")
	})
}

// Start starts the daemon and waits until ready says so. A daemon that is not
// ready in time, or whose start is interrupted, is stopped: nothing stays half
// started.
func (d Daemon) Start(ctx context.Context, limit time.Duration, ready func(context.Context) error) error {
	log, err := os.Create(d.Log)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(d.Args[0], d.Args[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = d.Env, log, log
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	id, err := Of(cmd.Process.Pid)
	if err != nil {
		// It ended before it could be looked at.
		_ = cmd.Process.Kill()
		<-ended
		return d.endedAtOnce()
	}
	err = d.remember(id)
	if err == nil {
		err = d.wait(ctx, limit, ended, ready)
	}
	if err != nil {
		_ = id.Stop(10 * time.Second)
		_ = os.Remove(d.Record)
	}
	return err
}

func (d Daemon) wait(ctx context.Context, limit time.Duration, ended <-chan struct{}, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errSlow)
	defer cancel()
	for {
		last := ready(ctx)
		if last == nil {
			return nil
		}
		select {
		case <-ended:
			return d.endedAtOnce()
		case <-ctx.Done():
			if !errors.Is(context.Cause(ctx), errSlow) {
				return ctx.Err()
			}
			return fmt.Errorf("%s did not answer within %s (%w); its log is %s", filepath.Base(d.Args[0]), limit, last, d.Log)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (d Daemon) endedAtOnce() error {
	return fmt.Errorf("%s exited immediately; its log %s says: %s", filepath.Base(d.Args[0]), d.Log, LastLineOf(d.Log))
}

var errSlow = errors.New("too slow")

func (d Daemon) remember(id Identity) error {
	data, err := json.Marshal(record{id, d.Key})
	if err != nil {
		return err
	}
	return atomicwriter.WriteFile(d.Record, data, 0o600)
}

// Stop stops the daemon, if it runs, and forgets it.
func (d Daemon) Stop(grace time.Duration) error {
	if id, _, ok := d.Running(); ok {
		if err := id.Stop(grace); err != nil {
			return err
		}
	}
	if err := os.Remove(d.Record); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
