package main

import (
	"context"
	"fmt"
	"slices"

	"builders.test/internal/existing"
	"builders.test/lab"
	"github.com/spf13/cobra"
)

// newLabCommand is `builders lab`: the engine for machines that have none.
func newLabCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "lab",
		Short: "Start an engine if none is reachable",
		Long: "The lab is two Docker Engines, one with the containerd and one with the overlay2\n" +
			"image store, with buildx, a registry that acts as Docker Hub's mirror, arm64\n" +
			"emulation and the images that the specs need. Nothing is installed; everything\n" +
			"is in one cache folder ($XDG_CACHE_HOME/builders).",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(labUp(), labEnv(), labStatus())
	for _, end := range []struct {
		use, short string
		do         func(*lab.Lab, context.Context) error
	}{
		{"down", "Stop the lab; keep what it built", (*lab.Lab).Down},
		{"purge", "Stop the lab and delete everything it built", (*lab.Lab).Purge},
	} {
		c.AddCommand(&cobra.Command{
			Use: end.use, Short: end.short, Args: cobra.NoArgs,
			RunE: inLab(func(c *cobra.Command, l *lab.Lab) error { return end.do(l, c.Context()) }),
		})
	}
	return c
}

// inLab returns a command that works on the lab.
func inLab(do func(*cobra.Command, *lab.Lab) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, _ []string) error {
		l, err := lab.Open(lab.Options{Progress: c.ErrOrStderr()})
		if err != nil {
			return err
		}
		return do(c, l)
	}
}

func labUp() *cobra.Command {
	var wanted lab.Wanted
	c := &cobra.Command{
		Use:   "up",
		Short: "Start the lab; build what is missing",
		Args:  cobra.NoArgs,
		RunE: inLab(func(c *cobra.Command, l *lab.Lab) error {
			other, err := existing.InsteadOf(c.Context(), l.Hosts())
			if err != nil {
				return err
			}
			if other != "" {
				fmt.Fprintln(c.OutOrStdout(), "an engine is reachable and is used instead of the lab:", other)
				return nil
			}
			return l.Up(c.Context(), wanted)
		}),
	}
	c.Flags().StringSliceVar(&wanted.BuildKits, "buildkit", nil, "additional BuildKit releases to serve, such as v0.20.2")
	c.Flags().StringSliceVar(&wanted.Frontends, "frontend", nil, "additional Dockerfile frontends to serve, such as 1.10")
	return c
}

func labEnv() *cobra.Command {
	var store string
	c := &cobra.Command{
		Use:   "env",
		Short: `Print the variables that select the lab: eval "$(builders lab env)"`,
		Args:  cobra.NoArgs,
		RunE: inLab(func(c *cobra.Command, l *lab.Lab) error {
			access, err := l.Access(store)
			if err != nil {
				return err
			}
			if !slices.Contains(l.Running(c.Context()), access.DockerHost) {
				fmt.Fprintln(c.ErrOrStderr(), "the lab is not running; start it with `builders lab up`")
			}
			_, err = fmt.Fprint(c.OutOrStdout(), access.Exports())
			return err
		}),
	}
	c.Flags().StringVar(&store, "store", "containerd", "the image store of the engine that DOCKER_HOST leads to: containerd or overlay2")
	return c
}

func labStatus() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show what is running, and the versions",
		Args:  cobra.NoArgs,
		RunE: inLab(func(c *cobra.Command, l *lab.Lab) error {
			status, err := l.Status(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return status.Encode(c.OutOrStdout())
			}
			return status.Print(c.OutOrStdout())
		}),
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
