package janitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"builders.test/helpers/endpoint"
	"github.com/docker/docker/client"
)

// Cleaner removes what runs left that died before their reaper could help, for
// example in a power cut, and what they kept for inspection.
type Cleaner struct {
	// Out gets the findings, one per line.
	Out io.Writer
	// DryRun removes nothing.
	DryRun bool
	// Again is the command that cleans once more.
	Again string
}

// Clean shows everything that runs own on the engines and on this machine, and
// removes what belongs to dead ones. unsearched is about engines that cannot be
// searched: it is returned once the others are clean, and the folders of runs stay,
// since they show whose the rest is.
func (c Cleaner) Clean(ctx context.Context, engines []*client.Client, unsearched error) error {
	if unsearched != nil {
		unsearched = fmt.Errorf("not every engine was searched: %s", strings.ReplaceAll(unsearched.Error(), "\n", "; "))
	}
	things, err := Find(ctx, engines...)
	if err != nil {
		return fmt.Errorf("look for leftovers of runs: %w", err)
	}
	runs, theirs := c.show(things)
	if unsearched != nil {
		theirs = slices.DeleteFunc(theirs, func(x Object) bool { return x.Kind == "folder" || x.pending() })
	}
	switch {
	case c.DryRun || len(theirs) == 0:
		fmt.Fprintf(c.Out, "%d found, nothing removed\n", len(things))
		return unsearched
	case unsearched != nil:
		err = Remove(ctx, theirs)
	default:
		err = throughTunnels(ctx, func() error { return Sweep(ctx, engines, runs...) })
	}
	if err != nil {
		return errors.Join(unsearched, fmt.Errorf("%w; %s tries again", err, c.Again))
	}
	fmt.Fprintf(c.Out, "%d found, %d removed\n", len(things), len(theirs))
	return unsearched
}

// throughTunnels does something while the tunnels of dead runs lead to their engines
// again: their notes name them.
func throughTunnels(ctx context.Context, do func() error) error {
	var errs []error
	var tunnels []*endpoint.Tunnel
	for _, run := range endpoint.Tunneled() {
		if dir := endpoint.FolderOf(run); !endpoint.IsServed(dir) {
			tunnel, err := endpoint.ResumeTunnel(ctx, dir)
			tunnels, errs = append(tunnels, tunnel), append(errs, err)
		}
	}
	errs = append(errs, do())
	for _, tunnel := range tunnels {
		errs = append(errs, tunnel.Remove())
	}
	return errors.Join(errs...)
}

// show prints what was found, and returns the dead runs and what is theirs.
func (c Cleaner) show(things []Object) (dead []string, theirs []Object) {
	states := map[string]State{}
	for _, thing := range things {
		state, known := states[thing.Run]
		if !known {
			state = StateOf(thing.Run)
			states[thing.Run] = state
			if state == Dead {
				dead = append(dead, thing.Run)
			}
		}
		fmt.Fprintf(c.Out, "%-8s %s\n", state, thing)
		if state == Dead {
			theirs = append(theirs, thing)
		}
	}
	return dead, theirs
}
