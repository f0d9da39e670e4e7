package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"builders.test/internal/existing"
	"builders.test/lab"
	"github.com/spf13/cobra"
)

// newLabCommand is `builders lab`: the engine for machines that have none.
func newLabCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "lab",
		Short: "Bring up an engine of its own where none is reachable",
		Long: "The lab is two Docker Engines, one with the containerd and one with the overlay2\n" +
			"image store, with buildx, a registry that stands as Docker Hub's mirror, arm64\n" +
			"emulation and the images that the specs need. Nothing is installed; everything\n" +
			"lies in one cache folder ($XDG_CACHE_HOME/builders).",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(labUp(), labDown(), labEnv(), labStatus(), labPurge())
	return c
}

func labUp() *cobra.Command {
	var wanted lab.Wanted
	c := &cobra.Command{
		Use:   "up",
		Short: "Start the lab; make first what is missing",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := openLab(c)
			if err != nil {
				return err
			}
			other, err := otherEngine(c.Context(), l)
			if err != nil {
				return err
			}
			if other != "" {
				fmt.Fprintln(c.OutOrStdout(), "an engine is reachable and is used instead of the lab:", other)
				return nil
			}
			return l.Up(c.Context(), wanted)
		},
	}
	c.Flags().StringSliceVar(&wanted.BuildKits, "buildkit", nil, "further BuildKit releases to serve, such as v0.20.2")
	c.Flags().StringSliceVar(&wanted.Frontends, "frontend", nil, "further Dockerfile frontends to serve, such as 1.10")
	return c
}

// otherEngine describes the engine that check would use instead of the lab, or
// is empty where there is none.
func otherEngine(ctx context.Context, l *lab.Lab) (string, error) {
	if isOf(l, os.Getenv("DOCKER_HOST")) {
		return "", nil
	}
	found, err := existing.Find(ctx)
	if errors.Is(err, existing.ErrNone) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("docker %s at %s", found.Version, found.Host), nil
}

// isOf tells whether an endpoint is that of one of the lab's engines.
func isOf(l *lab.Lab, host string) bool {
	return slices.Contains(slices.Collect(maps.Values(l.Hosts())), host)
}

func labDown() *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Stop the lab; keep what it made",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := openLab(c)
			if err != nil {
				return err
			}
			return l.Down(c.Context())
		},
	}
}

func labPurge() *cobra.Command {
	return &cobra.Command{
		Use:   "purge",
		Short: "Stop the lab and delete all it made",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := openLab(c)
			if err != nil {
				return err
			}
			return l.Purge(c.Context())
		},
	}
}

func labEnv() *cobra.Command {
	var store string
	c := &cobra.Command{
		Use:   "env",
		Short: `Print the variables that lead to the lab: eval "$(builders lab env)"`,
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := openLab(c)
			if err != nil {
				return err
			}
			env, err := l.Env(store)
			if err != nil {
				return err
			}
			if !slices.Contains(l.Running(c.Context()), env["DOCKER_HOST"]) {
				fmt.Fprintln(c.ErrOrStderr(), "the lab is not running; start it with `builders lab up`")
			}
			printEnv(c.OutOrStdout(), env)
			return nil
		},
	}
	c.Flags().StringVar(&store, "store", "containerd", "the image store of the engine that DOCKER_HOST leads to: containerd or overlay2")
	return c
}

// printEnv writes variables as a POSIX shell reads them.
func printEnv(w io.Writer, env map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(env)) {
		fmt.Fprintf(w, "export %s='%s'\n", name, strings.ReplaceAll(env[name], "'", `'\''`))
	}
}

func labStatus() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Tell what is up, in which versions, and what it takes on the disk",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := openLab(c)
			if err != nil {
				return err
			}
			status, err := l.Status(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				out := json.NewEncoder(c.OutOrStdout())
				out.SetIndent("", "  ")
				return out.Encode(status)
			}
			return status.Print(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func openLab(c *cobra.Command) (*lab.Lab, error) {
	return lab.Open(lab.Options{Progress: c.ErrOrStderr()})
}
