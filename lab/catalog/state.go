package catalog

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/internal/versions"
	"builders.test/lab/image"
)

// State is what an image is and whether it can be had.
type State struct {
	Name, Version string
	// State is ready while the registry is down, and one of the states of
	// package image while it serves.
	State string
}

// States are those of all images that the lab has or should have, those of
// further releases included.
func (c *Catalog) States(ctx context.Context) []State {
	mirror, _ := c.Registry.Mirror()
	look := func(r image.Recipe) string {
		if c.maker.Made(r) {
			return "ready"
		}
		return string(image.Missing)
	}
	if c.Registry.Answers(ctx) {
		look = func(r image.Recipe) string { return string(c.maker.Look(ctx, mirror, r)) }
	}
	var all []State
	for _, r := range c.recipes() {
		all = append(all, State{r.String(), versionOf(r), look(r)})
	}
	return all
}

func versionOf(r image.Recipe) string {
	if runc := r.Labels[runcLabel]; runc != "" {
		return "runc " + runc
	}
	if r.StandIn != "" {
		return "stand-in"
	}
	return strings.Join(r.Archs, " ")
}

func (c *Catalog) recipes() []image.Recipe {
	all := append(c.plain(), c.registryImage())
	for _, tag := range knownFrontends() {
		labels, made := c.recallLabels(versions.Frontends[tag])
		if made || slices.Contains(versions.FrontendsAlways, tag) {
			all = append(all, c.frontend(tag, labels))
		}
	}
	for _, tag := range c.buildkitsMade() {
		version := "?"
		if text, err := os.ReadFile(c.runcNote(tag)); err == nil {
			version = string(text)
		}
		all = append(all, c.buildkit(tag, version))
	}
	return all
}

// buildkitsMade are the releases that the lab has made at some time, and those
// that it always has.
func (c *Catalog) buildkitsMade() []string {
	var tags []string
	notes, _ := filepath.Glob(c.runcNote("*"))
	for _, note := range notes {
		tags = append(tags, strings.TrimPrefix(note, c.runcNote("")))
	}
	all, err := BuildKits(tags)
	if err != nil {
		return nil
	}
	return all
}
