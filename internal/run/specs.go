// Package run puts the specs to the test and keeps account of the verdicts:
// it starts `go test -json` on the project's root, follows the stream, and
// makes sure that every selected claim ends with a verdict, whatever happens
// to the test process.
package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"builders.test/internal/report"
)

// Stream is the name of the file in the run's folder that holds the test
// stream as it came, for tools that read `go test -json` and for the whole
// story of a crash.
const Stream = "go-test.jsonl"

// grace is how long an interrupted test process may clean up after itself.
const grace = time.Minute

// Specs are the specs of one project, ready to run.
type Specs struct {
	// Dir is the project's folder.
	Dir string
	// Out is the absolute folder that the run writes to; it exists.
	Out string
	// Env are the variables of the test process, as key=value.
	Env []string
	// Selection says which claims are put to the test.
	Selection Selection
	// Confirm is how often a claim that failed is tried again.
	Confirm int
	// Parallel is how many claims are proven at the same time; 0 leaves it to go test.
	Parallel int
	// Keep is given the account of every claim whenever one begins or ends, as
	// it stands should the run be cut off there; it may be nil.
	Keep func([]report.Claim)
}

// cutOff is why claims have no verdict where nothing ended the run orderly.
const cutOff = "the run was cut off"

// Run puts the specs to the test. When ctx ends, the test process is
// interrupted, may clean up, and the outcome tells what there was until then.
// The error is about running at all: verdicts are in the outcome.
func (s Specs) Run(ctx context.Context, listener Listener) (Outcome, error) {
	file, err := os.Create(filepath.Join(s.Out, Stream))
	if err != nil {
		return Outcome{}, fmt.Errorf("keep the test stream: %w; name a writable folder with --out", err)
	}
	defer file.Close()

	ledger := newLedger(s.Selection, listener, func() bool { return ctx.Err() != nil })
	// The two streams are copied side by side, the ledger wants one voice.
	var voice sync.Mutex
	stdout := &lines{each: func(line []byte) {
		voice.Lock()
		defer voice.Unlock()
		fmt.Fprintf(file, "%s\n", line)
		ledger.line(line)
		if ledger.moved() && s.Keep != nil {
			s.Keep(ledger.account())
		}
	}}
	stderr := &lines{each: func(line []byte) {
		voice.Lock()
		defer voice.Unlock()
		ledger.outside(string(line))
	}}

	command := s.command(ctx)
	command.Stdout, command.Stderr = stdout, stderr
	err = command.Run()
	stdout.close()
	stderr.close()
	if errors.Is(err, exec.ErrNotFound) {
		return Outcome{}, fmt.Errorf("no go command on PATH, which runs the specs; install Go")
	}
	if command.Process != nil && ctx.Err() != nil {
		// Nothing of the group is left unless the grace was not enough.
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	}
	return ledger.close(exitOf(err)), nil
}

// command starts the tests in a process group of their own, so that an
// interrupt reaches all of them once, whoever sent it.
func (s Specs) command(ctx context.Context) *exec.Cmd {
	args := []string{"test", "-tags", "integration", "-json", "-count=1",
		"-timeout", s.Selection.Deadline(s.Confirm).String(), "-run", s.Selection.Pattern}
	if s.Parallel > 0 {
		args = append(args, "-parallel", strconv.Itoa(s.Parallel))
	}
	command := exec.CommandContext(ctx, "go", append(args, ".")...)
	command.Dir = s.Dir
	command.Env = s.Env
	command.SysProcAttr = group()
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGINT) }
	command.WaitDelay = grace
	return command
}

func exitOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
