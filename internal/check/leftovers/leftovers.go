// Package leftovers finds and removes what runs left that died before their reaper
// could help, for example in a power cut.
package leftovers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"builders.test/helpers/janitor"
	"builders.test/internal/existing"
	"builders.test/lab"
	"github.com/docker/docker/client"
)

// Cleaner looks for leftovers where runs may have been.
type Cleaner struct {
	// Out gets the findings.
	Out io.Writer
	// DryRun removes nothing.
	DryRun bool
}

// Run shows everything that runs own and removes what belongs to dead ones.
func (c Cleaner) Run(ctx context.Context) error {
	engines, err := reach(ctx)
	if err != nil {
		return err
	}
	defer func() {
		for _, engine := range engines {
			_ = engine.Close()
		}
	}()
	things, err := janitor.Find(ctx, engines...)
	if err != nil {
		return fmt.Errorf("look for leftovers of runs: %w", err)
	}
	dead, removed := c.show(things)
	if c.DryRun || len(dead) == 0 {
		fmt.Fprintf(c.Out, "%d found, nothing removed\n", len(things))
		return nil
	}
	if err := janitor.Sweep(ctx, engines, dead...); err != nil {
		return fmt.Errorf("%w; `builders clean` tries again", err)
	}
	fmt.Fprintf(c.Out, "%d found, %d removed\n", len(things), removed)
	return nil
}

// show prints what was found, and returns the dead runs and how many things are
// theirs.
func (c Cleaner) show(things []janitor.Object) (dead []string, theirs int) {
	states := map[string]janitor.State{}
	for _, thing := range things {
		state, known := states[thing.Run]
		if !known {
			state = janitor.StateOf(thing.Run)
			states[thing.Run] = state
			if state == janitor.Dead {
				dead = append(dead, thing.Run)
			}
		}
		fmt.Fprintf(c.Out, "%-8s %s\n", state, thing)
		if state == janitor.Dead {
			theirs++
		}
	}
	return dead, theirs
}

// reach finds the engine as check does, or all of the lab's, since a run may use
// each of them. It starts none: if none runs, nothing on it can be cleaned.
func reach(ctx context.Context) ([]*client.Client, error) {
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
	if err == nil && !slices.Contains(slices.Collect(maps.Values(l.Hosts())), found.Host) {
		return []string{found.Host}, nil
	}
	if err != nil && !errors.Is(err, existing.ErrNone) {
		return nil, err
	}
	if running := l.Running(ctx); len(running) > 0 {
		return running, nil
	}
	return nil, errors.New("no engine is reachable and the lab is down; start the engine that was used, then clean again")
}
