package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"builders.test/helpers/janitor"
	"builders.test/internal/engine"
	"builders.test/internal/lab"
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
	found, err := engine.Find(ctx)
	if err == nil && !isOf(l, found.Host) {
		return []string{found.Host}, nil
	}
	if err != nil && !errors.Is(err, engine.ErrNone) {
		return nil, err
	}
	if running := l.Running(ctx); len(running) > 0 {
		return running, nil
	}
	return nil, errors.New("no engine is reachable and the lab is down; start the one that was used, then clean again")
}

// shelf is what runs own on one engine.
type shelf struct {
	engine *client.Client
	things []janitor.Thing
}

// look lists what runs own, engine by engine. Folders are this machine's and
// stand last: they tell that a run is dead, for all engines it used.
func look(ctx context.Context, engines []*client.Client) ([]shelf, error) {
	var shelves []shelf
	for i, engine := range engines {
		things, err := janitor.Find(ctx, engine)
		if err != nil {
			return nil, fmt.Errorf("look for what runs left: %w", err)
		}
		if i < len(engines)-1 {
			things = slices.DeleteFunc(things, func(x janitor.Thing) bool { return x.Kind == "folder" })
		}
		shelves = append(shelves, shelf{engine, things})
	}
	return shelves, nil
}

// clean shows everything that runs own and removes what belongs to dead ones.
func clean(ctx context.Context, engines []*client.Client, out io.Writer, dryRun bool) error {
	shelves, err := look(ctx, engines)
	if err != nil {
		return err
	}
	found, dead := 0, 0
	states := map[string]janitor.State{}
	for i := range shelves {
		found += len(shelves[i].things)
		shelves[i].things = slices.DeleteFunc(shelves[i].things, func(thing janitor.Thing) bool {
			state, known := states[thing.Run]
			if !known {
				state = janitor.StateOf(thing.Run)
				states[thing.Run] = state
			}
			fmt.Fprintf(out, "%-8s %s\n", state, thing)
			return state != janitor.Dead
		})
		dead += len(shelves[i].things)
	}
	if dryRun || dead == 0 {
		fmt.Fprintf(out, "%d found, nothing removed\n", found)
		return nil
	}
	for _, s := range shelves {
		// The folders of runs whose things remain stay, and come last.
		if err := janitor.Remove(ctx, s.engine, s.things); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "%d found, %d removed\n", found, dead)
	return nil
}
