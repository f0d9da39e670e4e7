package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"builders.test/helpers/janitor"
	"builders.test/internal/existing"
	"builders.test/lab"
	"github.com/docker/docker/client"
	"github.com/spf13/cobra"
)

// newCleanCommand is `builders clean`: what runs left that died before their
// reaper could help, such as by a power cut.
func newCleanCommand() *cobra.Command {
	var dryRun bool
	c := &cobra.Command{
		Use:   "clean",
		Short: "Remove what dead runs left behind, and nothing else",
		Long: `clean looks on the engine that check would use, and in this machine's temporary
folder, for what runs made: it carries their id. It shows what it found and
removes what belongs to runs that are over. A run that goes on keeps all of its
own. What a run on another machine made on a shared engine is shown and left.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			engines, err := reachEngines(command.Context())
			if err != nil {
				return err
			}
			defer func() {
				for _, engine := range engines {
					_ = engine.Close()
				}
			}()
			return clean(command.Context(), engines, command.OutOrStdout(), dryRun)
		},
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "only show what would be removed")
	return c
}

// reachEngines finds the engine as check does, or all of the lab's, since a run
// may use each of them. It starts none: where none runs, nothing on it can be
// cleaned.
func reachEngines(ctx context.Context) ([]*client.Client, error) {
	hosts, err := engineHosts(ctx)
	if err != nil {
		return nil, err
	}
	var engines []*client.Client
	for _, host := range hosts {
		c, err := client.NewClientWithOpts(client.FromEnv, client.WithHost(host), client.WithAPIVersionNegotiation())
		if err != nil {
			return nil, fmt.Errorf("engine at %s: %w", host, err)
		}
		engines = append(engines, c)
	}
	return engines, nil
}

func engineHosts(ctx context.Context) ([]string, error) {
	l, err := lab.Open(lab.Options{})
	if err != nil {
		return nil, err
	}
	found, err := existing.Find(ctx)
	if err == nil && !isOf(l, found.Host) {
		return []string{found.Host}, nil
	}
	if err != nil && !errors.Is(err, existing.ErrNone) {
		return nil, err
	}
	if running := l.Running(ctx); len(running) > 0 {
		return running, nil
	}
	return nil, errors.New("no engine is reachable and the lab is down; start the one that was used, then clean again")
}

// clean shows everything that runs own and removes what belongs to dead ones.
func clean(ctx context.Context, engines []*client.Client, out io.Writer, dryRun bool) error {
	things, err := janitor.Find(ctx, engines...)
	if err != nil {
		return fmt.Errorf("look for what runs left: %w", err)
	}
	states := map[string]janitor.State{}
	var dead []string
	removed := 0
	for _, thing := range things {
		state, known := states[thing.Run]
		if !known {
			state = janitor.StateOf(thing.Run)
			states[thing.Run] = state
			if state == janitor.Dead {
				dead = append(dead, thing.Run)
			}
		}
		fmt.Fprintf(out, "%-8s %s\n", state, thing)
		if state == janitor.Dead {
			removed++
		}
	}
	if dryRun || len(dead) == 0 {
		fmt.Fprintf(out, "%d found, nothing removed\n", len(things))
		return nil
	}
	if err := janitor.Sweep(ctx, engines, dead...); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d found, %d removed\n", len(things), removed)
	return nil
}
