// Package process starts other programs: children that die with the caller's
// context, and daemons that outlive it and are found again by pid.
package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Command is one run of a program.
type Command struct {
	Dir string
	// Env is the complete environment; nil means the caller's.
	Env  []string
	Args []string
	// Log receives both streams, too; it may be nil.
	Log io.Writer
	// Stdout receives the standard output instead of [Command.Output]'s
	// result; it may be nil.
	Stdout io.Writer
	// Cause picks, from the output, the line that says why the program failed; nil
	// picks the last.
	Cause func(said string) string
}

// Run runs the command in its own process group. When ctx ends, the whole group
// is killed: a compiler that a build tool started must not continue alone.
func (c Command) Run(ctx context.Context) error {
	_, err := c.Output(ctx)
	return err
}

// Output runs the command as [Command.Run] does and returns its standard output,
// even if it fails. The error has the line that says why.
func (c Command) Output(ctx context.Context) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Stdout, cmd.Stderr = io.Writer(&out), io.Writer(&said)
	if c.Stdout != nil {
		cmd.Stdout = c.Stdout
	}
	if c.Log != nil {
		cmd.Stdout, cmd.Stderr = io.MultiWriter(cmd.Stdout, c.Log), io.MultiWriter(cmd.Stderr, c.Log)
	}
	err := cmd.Run()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err == nil {
		return out.String(), nil
	}
	cause := c.Cause
	if cause == nil {
		cause = LastLine
	}
	line := cause(said.String())
	if line == "" {
		line = cause(out.String())
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && line != "" {
		return out.String(), fmt.Errorf("%s: %s (%s)", c.name(), line, exit.ProcessState)
	}
	return out.String(), fmt.Errorf("%s: %w", c.name(), err)
}

func (c Command) name() string {
	return strings.Join(c.Args[:min(2, len(c.Args))], " ")
}

// LastLine returns the last line of text that is not empty.
func LastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}

// LastLineOf is [LastLine] for the end of a file; empty if it cannot be read.
func LastLineOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	const tail = 4096
	if info, err := f.Stat(); err == nil && info.Size() > tail {
		_, _ = f.Seek(-tail, io.SeekEnd)
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return ""
	}
	return LastLine(string(text))
}
