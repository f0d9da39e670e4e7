package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"builders.test/lab/network"
	"builders.test/lab/problem"
	"golang.org/x/sync/errgroup"
)

// Engines are all engines of a lab; the first is the default one.
type Engines []*Engine

// New returns the engines made from parts.
func New(parts Parts) Engines {
	var all Engines
	for place, k := range kinds {
		all = append(all, &Engine{k, parts, network.Bridge{Store: k.store, Suffix: k.short, Place: place}})
	}
	return all
}

// With returns the engine that has an image store; "" means the default one.
func (all Engines) With(store string) (*Engine, error) {
	var known []string
	for _, e := range all {
		if e.store == store || store == "" {
			return e, nil
		}
		known = append(known, e.store)
	}
	return nil, problem.New(fmt.Sprintf("looking for the engine with the image store %q", store), "the lab has no such engine",
		"its stores are "+strings.Join(known, ", "))
}

// Hosts returns the engines' endpoints by image store.
func (all Engines) Hosts() map[string]string {
	hosts := map[string]string{}
	for _, e := range all {
		hosts[e.store] = e.Host()
	}
	return hosts
}

// Current reports whether all of them are, see [Engine.Current].
func (all Engines) Current(ctx context.Context) bool {
	return !slices.ContainsFunc(all, func(e *Engine) bool { return !e.Current(ctx) })
}

// Know reports whether one of the engines has a network with the bridge.
func (all Engines) Know(bridge string) bool {
	return slices.ContainsFunc(all, func(e *Engine) bool { return e.knows(bridge) })
}

// Stop stops all engines at the same time, and then whatever runs one of their
// programs and cannot be attributed to a certain engine.
func (all Engines) Stop(ctx context.Context) error {
	var group errgroup.Group
	for _, e := range all {
		group.Go(func() error { return e.Stop(ctx) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := stopSurvivors(all[0].runsProgram()); err != nil {
		return err
	}
	return unmountUnder(all[0].Site.Run)
}
