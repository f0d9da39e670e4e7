// Package leftovers finds the engines on which runs may have left something: the one
// that check would use, or the lab's, and those of the testbed.
package leftovers

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"builders.test/helpers/endpoint"
	"builders.test/helpers/env"
	"builders.test/helpers/janitor"
	"builders.test/internal/existing"
	"builders.test/lab"
)

// Cleaner looks for leftovers where runs may have been.
type Cleaner struct {
	// Out gets the findings.
	Out io.Writer
	// DryRun removes nothing.
	DryRun bool
}

// Run shows everything that runs own and removes what belongs to dead ones.
func (c Cleaner) Run(ctx context.Context) (failed error) {
	hosts, done, err := engineHosts(ctx)
	defer func() { failed = errors.Join(failed, done()) }()
	engines, unreached := env.Reach(ctx, hosts...)
	defer func() {
		for _, engine := range engines {
			_ = engine.Close()
		}
	}()
	if len(engines) > 0 && errors.Is(err, errDown) {
		err = nil
	}
	cleaner := janitor.Cleaner{Out: c.Out, DryRun: c.DryRun, Again: "`builders clean`"}
	return cleaner.Clean(ctx, engines, errors.Join(err, unreached))
}

var errDown = errors.New("no engine is reachable and the lab is down; start the engine that was used, then clean again")

// engineHosts finds the engine as check does, or all of the lab's, since a run may
// use each of them. It starts none: if none runs, nothing on it can be cleaned.
// They can be connected to until done is called.
func engineHosts(ctx context.Context) (hosts []string, done func() error, err error) {
	done = func() error { return nil }
	l, err := lab.Open(lab.Options{})
	if err != nil {
		return nil, done, err
	}
	found, err := existing.Find(ctx)
	if err == nil && !slices.Contains(slices.Collect(maps.Values(l.Hosts())), found.Host) {
		host, ended, err := endpoint.Reach(ctx)
		if err != nil {
			return nil, done, err
		}
		return []string{host}, ended, nil
	}
	if err != nil && !errors.Is(err, existing.ErrNone) {
		return nil, done, err
	}
	if running := l.Running(ctx); len(running) > 0 {
		return running, done, nil
	}
	return nil, done, errDown
}
