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

	"builders.test/helpers/subject"
	"builders.test/internal/existing"
	"builders.test/lab"
)

// laboratory is what check needs of the lab.
type laboratory interface {
	Up(ctx context.Context, wanted lab.Wanted) error
	EnsureBuildKit(ctx context.Context, release string) error
	BuildKitFromSource(ctx context.Context, dir string, flags ...string) (string, error)
	Source(ctx context.Context, release string) (string, error)
	Buildx(ctx context.Context, release string) (string, error)
	Env(store string) (map[string]string, error)
}

func theLab(progress io.Writer) (laboratory, error) {
	return lab.Open(lab.Options{Progress: progress})
}

// ground is what a run stands on.
type ground struct {
	// about says in one line which engine it is.
	about string
	// buildkit and buildx are what the specs take; buildx may be empty.
	buildkit, buildx string
	// cell is what was chosen.
	cell subject.Cell
	// specs is the folder with the user's scripts, or empty.
	specs string
	// lab are the variables that lead to the lab; nil on another engine.
	lab map[string]string
}

// findGround takes the engine that is there, and the lab only where none is.
func (c *check) findGround(ctx context.Context, buildkit subject.BuildKitChoice, buildx subject.BuildxChoice) (ground, error) {
	if c.inLab || os.Getenv("BUILDERS_LAB") != "" {
		// The variables of `builders lab env` are set: the engine that
		// they lead to is the lab's and may be down.
		return c.labGround(ctx, buildkit, buildx)
	}
	found, err := existing.Find(ctx)
	if errors.Is(err, existing.ErrNone) {
		return c.labGround(ctx, buildkit, buildx)
	}
	if err != nil {
		return ground{}, err
	}
	return c.ownGround(ctx, found, buildkit, buildx)
}

// ownGround uses an engine of the user's, untouched.
func (c *check) ownGround(ctx context.Context, found existing.Engine, buildkit subject.BuildKitChoice, buildx subject.BuildxChoice) (ground, error) {
	if buildkit.Source != "" {
		return ground{}, fmt.Errorf("BUILDKIT=%s is a source tree, which for now only the lab builds, and the engine at %s would be used; give an image built from it", c.buildkit, found.Host)
	}
	if err := c.rightStore(ctx, found); err != nil {
		return ground{}, err
	}
	g := ground{
		about:    fmt.Sprintf("%s at %s, which was there already", found.Version, found.Host),
		buildkit: buildkit.Ref, buildx: buildx.Path, cell: c.cell, specs: c.specs,
	}
	if buildx.Release == "" {
		return g, nil
	}
	l, err := c.openLab(c.stderr)
	if err != nil {
		return ground{}, err
	}
	g.buildx, err = l.Buildx(ctx, buildx.Release)
	return g, err
}

// rightStore refuses an engine that has another image store than was chosen.
func (c *check) rightStore(ctx context.Context, found existing.Engine) error {
	if c.cell.Store == "" {
		return nil
	}
	store, err := existing.StoreOf(ctx, found)
	if err != nil || store == c.cell.Store {
		return err
	}
	return fmt.Errorf("STORE=%s: the engine at %s has the %s store; leave STORE out, or lead DOCKER_HOST to an engine with that store",
		c.cell.Store, found.Host, store)
}

// labGround brings the lab up and has it make the subject.
func (c *check) labGround(ctx context.Context, buildkit subject.BuildKitChoice, buildx subject.BuildxChoice) (ground, error) {
	l, err := c.openLab(c.stderr)
	if err != nil {
		return ground{}, err
	}
	var wanted lab.Wanted
	if release, ok := buildkit.Release(); ok {
		wanted.BuildKits = append(wanted.BuildKits, release)
	}
	if err := l.Up(ctx, wanted); err != nil {
		return ground{}, err
	}
	if c.ready != nil {
		c.ready()
	}
	g := ground{buildkit: buildkit.Ref, buildx: buildx.Path, cell: c.cell, specs: c.specs}
	if buildkit.Source != "" {
		if g.buildkit, err = l.BuildKitFromSource(ctx, buildkit.Source); err != nil {
			return ground{}, err
		}
	}
	if buildx.Release != "" {
		if g.buildx, err = l.Buildx(ctx, buildx.Release); err != nil {
			return ground{}, err
		}
	}
	if g.lab, err = l.Env(c.cell.Store); err != nil {
		return ground{}, err
	}
	maps.Copy(g.lab, c.variables)
	g.about = "the lab's, at " + g.lab["DOCKER_HOST"]
	return g, nil
}

// environ is the environment of the test process: this one's, with the lab's
// variables and those of the run instead of the user's.
func (c *check) environ(g ground, out string) []string {
	set := map[string]string{
		"BUILDKIT": g.buildkit, "BUILDX": g.buildx, "DRIVER": g.cell.Driver, "STORE": g.cell.Store,
		"SPECS": g.specs, "OUT": out, "REGRESSIONS": "1", "CONFIRM": c.confirm, "STRICT": c.strict,
	}
	if g.lab != nil {
		// They belong to an engine that is not used.
		for _, name := range []string{"DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"} {
			set[name] = ""
		}
	}
	for name, value := range g.lab {
		set[name] = value
	}
	var environ []string
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		if _, ok := set[name]; !ok {
			environ = append(environ, kv)
		}
	}
	for name, value := range set {
		if value != "" {
			environ = append(environ, name+"="+value)
		}
	}
	slices.Sort(environ)
	return environ
}

// standIns says, for each image that the ground replaces, by what.
func (g ground) standIns() map[string]string {
	encoded := os.Getenv("BUILDERS_STANDINS")
	if g.lab != nil {
		encoded = g.lab["BUILDERS_STANDINS"]
	}
	known := map[string]string{}
	// Text that is no JSON is refused where the environment is opened.
	_ = json.Unmarshal([]byte(encoded), &known)
	return known
}
