// Package run tests claims and records the verdicts: it starts the compiled specs,
// follows the event stream that test2json makes from their output, and makes sure that
// every selected claim ends with a verdict, whatever happens to the test process.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"builders.test/internal/book"
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
	// Book has the claims to test and the program that does it.
	Book book.Book
	// Confirm is how often a claim that failed is retried.
	Confirm int
	// Parallel is how many claims are proven at the same time; 0 means as many as
	// there are processors.
	Parallel int
	// Keep, if not nil, gets the account of every claim whenever one begins or ends,
	// as it would stand if the run were cut off there.
	Keep func([]report.Claim)
}

// cutOff is why claims have no verdict if the run did not end in an orderly way.
const cutOff = "the run was cut off"

// Run tests the claims. When ctx ends, the test process is interrupted and may
// clean up, and the outcome has everything up to then. The error is about running
// at all: verdicts are in the outcome.
func (s Specs) Run(ctx context.Context, listener Listener) (Outcome, error) {
	file, err := os.Create(filepath.Join(s.Out, Stream))
	if err != nil {
		return Outcome{}, fmt.Errorf("save the test stream: %w; name a writable folder with --out", err)
	}
	defer file.Close()

	ledger := newLedger(s.Book.Claims, listener, func() bool { return ctx.Err() != nil })
	// The two programs write concurrently, but the ledger wants one voice.
	var voice sync.Mutex
	events := &lines{each: func(line []byte) {
		voice.Lock()
		defer voice.Unlock()
		fmt.Fprintf(file, "%s\n", line)
		ledger.line(line)
		if ledger.changed && s.Keep != nil {
			ledger.changed = false
			s.Keep(ledger.account())
		}
	}}
	beside := &lines{each: func(line []byte) {
		voice.Lock()
		defer voice.Unlock()
		ledger.outside(string(line))
	}}
	exit, err := s.follow(ctx, events, beside)
	if err != nil {
		return Outcome{}, err
	}
	events.close()
	beside.close()
	return ledger.close(exit), nil
}

// follow runs the specs, passes their output through test2json, and says how
// their process ended if it failed.
func (s Specs) follow(ctx context.Context, events, beside io.Writer) (exit string, err error) {
	converter := exec.Command(s.Book.Test2json, "-t")
	converter.Stdout, converter.Stderr = events, beside
	// An interrupt is for the specs; the converter ends when they do.
	converter.SysProcAttr = group()
	output, err := converter.StdinPipe()
	if err == nil {
		err = converter.Start()
	}
	if err != nil {
		return "", fmt.Errorf("start test2json: %w", err)
	}
	command := s.command(ctx)
	command.Stdout, command.Stderr = output, output
	ended := command.Run()
	if command.Process != nil && ctx.Err() != nil {
		// Nothing of the group is left unless the grace was not enough.
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	}
	if err := errors.Join(output.Close(), converter.Wait()); err != nil {
		// Without it the specs have nowhere to write, and end.
		ended = fmt.Errorf("test2json: %w", err)
	}
	return exitOf(ended), nil
}

// command starts the tests in their own process group, so that an interrupt reaches all
// of them once, no matter who sent it.
func (s Specs) command(ctx context.Context) *exec.Cmd {
	command := exec.CommandContext(ctx, s.Book.Binary, "-test.v=test2json", "-test.paniconexit0",
		"-test.timeout="+s.Book.Deadline(s.Confirm).String(), "-test.run="+s.Book.Pattern())
	if s.Parallel > 0 {
		command.Args = append(command.Args, "-test.parallel="+strconv.Itoa(s.Parallel))
	}
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
