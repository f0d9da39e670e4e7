package sabotage

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
)

// Main runs the plugin with the fault of that name, around the real one, and returns
// the exit code.
func Main(name, real string, args []string) int {
	s, ok := Find(name)
	if !ok {
		fmt.Fprintf(os.Stderr, "saboteur: no sabotage is called %q; `builders selftest` builds this command\n", name)
		return 2
	}
	code, err := s.Run(real, asByDocker(args))
	if err != nil {
		fmt.Fprintf(os.Stderr, "saboteur: %v\n", err)
		return 1
	}
	return code
}

// Run is the plugin: it does what the real one does, except for the sabotage, and
// returns the exit code. real is the path of the real plugin.
func (s Sabotage) Run(real string, args Args) (int, error) {
	if s.When != nil {
		wrong, err := s.When(args)
		if err != nil {
			return 1, err
		}
		if !wrong {
			return 1, syscall.Exec(real, args.line(real), os.Environ())
		}
	}
	if s.Ignores != nil && s.Ignores(args) {
		return 0, nil
	}
	if s.Before != nil {
		if err := s.Before(args); err != nil {
			return 1, err
		}
	}
	environ := os.Environ()
	if s.Environ != nil {
		environ = s.Environ(environ)
	}
	if s.Args != nil {
		args = s.Args(args)
	}
	args, err := s.files(args)
	if err != nil {
		return 1, err
	}
	if !s.stays() {
		return 1, syscall.Exec(real, args.line(real), environ)
	}
	command := exec.Command(real)
	command.Args, command.Env, command.Stdin = args.line(real), environ, os.Stdin
	return s.accompany(command, args)
}

// files changes the files that the arguments name.
func (s Sabotage) files(args Args) (Args, error) {
	var err error
	if s.Config != nil && args.Is("create") {
		args, err = args.withConfig(s.Config)
	}
	if err == nil && s.Context != nil && args.Is("build") {
		args, err = args.withContext(s.Context)
	}
	return args, err
}

// accompany runs buildx to its end.
func (s Sabotage) accompany(command *exec.Cmd, args Args) (int, error) {
	stdout, err := command.StdoutPipe()
	if err != nil {
		return 1, err
	}
	stderr, err := command.StderrPipe()
	if err != nil {
		return 1, err
	}
	if err := command.Start(); err != nil {
		return 1, err
	}
	passOn(command.Process)
	var streams sync.WaitGroup
	streams.Go(func() { s.filter(os.Stdout, stdout, args) })
	streams.Go(func() { s.filter(os.Stderr, stderr, args) })
	streams.Wait()
	err = command.Wait()
	if s.After != nil {
		if err := s.After(args); err != nil {
			return 1, err
		}
	}
	var exit *exec.ExitError
	switch {
	case s.Lies != nil && s.Lies(args):
		return 0, nil
	case errors.As(err, &exit):
		return exit.ExitCode(), nil
	}
	return 0, err
}

// passOn forwards the signals with which people end a build.
func passOn(process *os.Process) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for sig := range signals {
			_ = process.Signal(sig)
		}
	}()
}

// filter copies line by line.
func (s Sabotage) filter(to io.Writer, from io.Reader, args Args) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if line != "" && (s.Swallows == nil || !s.Swallows(line)) {
			if s.Replaces != nil {
				line = s.Replaces(args, line)
			}
			fmt.Fprint(to, line)
		}
		if err != nil {
			return
		}
	}
}
