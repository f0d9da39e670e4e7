package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"builders.test/helpers/evidence"
	"builders.test/internal/uses/scaffold"
	"builders.test/lab"
	"github.com/spf13/cobra"
)

func newInitCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "init PATH",
		Short: "Write first scripts for your Dockerfiles, bake files and compose files",
		Long: `init writes a script for a Dockerfile, for each target of a bake file or each service
of a compose file, or for all that it finds in a folder. It states what most people rely
on: it builds for its platforms, the second build is cached, a service listens, an image
of files has its files. What the project does not say stands there as a question.
"builders check --specs DIR" tests the scripts; docs/scripts.md explains what else one can do.`,
		Example: "  builders init ../app/Dockerfile --specs ../app/specs\n  builders init ../app --specs ../app/specs",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			written, err := scaffold.Init(c.Context(), args[0], dir, bakeHere)
			if err != nil {
				return err
			}
			return sayWritten(c.OutOrStdout(), written, dir)
		},
	}
	c.Flags().StringVar(&dir, "specs", variable("SPECS", "specs"), "folder for the scripts; created if it does not exist")
	return c
}

// sayWritten lists what was written and how to test it. The BuildKit is the one that the
// project pins, or else the newest release, which is what buildx takes by itself.
func sayWritten(w io.Writer, written scaffold.Written, dir string) error {
	for _, path := range written.Files {
		fmt.Fprintln(w, "wrote", path)
	}
	for _, unread := range written.Unread {
		fmt.Fprintln(w, "nothing for", unread)
	}
	if len(written.Files) == 0 {
		return errors.Join(written.Unread...)
	}
	buildKit := written.BuildKit
	if buildKit == "" {
		buildKit = "latest"
	}
	specs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "test with `%s`, in the folder of this suite\n", evidence.Line(nil, []string{"make", "check", "SPECS=" + specs, "BUILDKIT=" + buildKit}))
	return nil
}

// bakeHere runs the user's docker buildx bake, or the lab's if there is none.
func bakeHere(ctx context.Context, dir string, args ...string) ([]byte, error) {
	program, environ, err := dockerHere(ctx)
	if err != nil {
		return nil, err
	}
	command := exec.CommandContext(ctx, program, append([]string{"buildx", "bake"}, args...)...)
	command.Dir, command.Env = dir, environ
	printed, err := command.Output()
	if failed, is := errors.AsType[*exec.ExitError](err); is {
		lines := strings.Split(strings.TrimSpace(string(failed.Stderr)), "\n")
		return nil, fmt.Errorf("`docker buildx bake %s`: %s", strings.Join(args, " "), lines[len(lines)-1])
	}
	return printed, err
}

// dockerHere returns a docker command that has buildx, and its environment.
func dockerHere(ctx context.Context) (program string, environ []string, err error) {
	if exec.CommandContext(ctx, "docker", "buildx", "version").Run() == nil {
		return "docker", os.Environ(), nil
	}
	l, err := lab.Open(lab.Options{Progress: io.Discard})
	if err != nil {
		return "", nil, err
	}
	access, err := l.Access("")
	if err != nil {
		return "", nil, err
	}
	environ = os.Environ()
	for name, value := range access.Variables() {
		environ = append(environ, name+"="+value)
	}
	for _, folder := range append(filepath.SplitList(access.Path), filepath.SplitList(os.Getenv("PATH"))...) {
		program := filepath.Join(folder, "docker")
		check := exec.CommandContext(ctx, program, "buildx", "version")
		if check.Env = environ; check.Run() == nil {
			return program, environ, nil
		}
	}
	return "", nil, errors.New("`docker buildx bake --print` reads bake and compose files, and there is no docker here that has buildx; install it, or let `make lab` make one")
}
