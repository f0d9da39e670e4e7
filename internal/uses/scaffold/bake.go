package scaffold

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
)

// plan is what `docker buildx bake --print` says.
type plan struct {
	Group  map[string]struct{ Targets []string }
	Target map[string]planned
}

type planned struct {
	Context    string
	Dockerfile string
	Inline     string `json:"dockerfile-inline"`
	Target     string
	Platforms  []string
	Contexts   map[string]string
	Args       map[string]*string
	CacheTo    []json.RawMessage `json:"cache-to"`
	CacheFrom  []json.RawMessage `json:"cache-from"`
	Secret     []json.RawMessage
	SSH        []json.RawMessage
	Output     []json.RawMessage
	NoCache    bool     `json:"no-cache"`
	NoCacheFor []string `json:"no-cache-filter"`
}

// bakeFile adds a target for each that is meant to be built: those of groups, and those
// that no other target inherits from.
func (p *project) bakeFile(ctx context.Context, path string) error {
	names, err := namesIn(path)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return errors.New("it has no target")
	}
	return p.planned(ctx, path, names, "target")
}

// composeFile adds a target for each service that is built.
func (p *project) composeFile(ctx context.Context, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	services, err := servicesIn(content)
	if err != nil {
		return err
	}
	if len(services) == 0 {
		return nil // all of its images are pulled
	}
	from := len(p.targets)
	if err := p.planned(ctx, path, slices.Sorted(maps.Keys(services)), "service"); err != nil {
		return err
	}
	for i := range p.targets[from:] {
		one := &p.targets[from+i]
		one.service = services[one.name]
		for _, port := range one.service.ports {
			if !slices.Contains(one.recipe.ports, port) {
				one.recipe.ports = append(one.recipe.ports, port)
			}
		}
	}
	return nil
}

// planned adds what bake says about targets.
func (p *project) planned(ctx context.Context, path string, names []string, kind string) error {
	dir := filepath.Dir(path)
	said, err := p.bake(ctx, dir, append([]string{"-f", filepath.Base(path), "--print"}, names...)...)
	if err != nil {
		return err
	}
	var all plan
	if err := json.Unmarshal(said, &all); err != nil {
		return fmt.Errorf("read what `docker buildx bake --print` says: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(all.Target)) {
		made, err := p.fromPlan(path, name, all.Target[name])
		if err != nil {
			p.unread = append(p.unread, fmt.Errorf("%s: %s %s: %w", path, kind, name, err))
			continue
		}
		made.kind = kind
		p.targets = append(p.targets, made)
	}
	return nil
}

func (p *project) fromPlan(path, name string, of planned) (target, error) {
	dir := filepath.Dir(path)
	made := target{name: name, file: path, bake: name, planned: of, context: dir, platforms: of.Platforms}
	if remote.MatchString(of.Context) {
		made.fetched = of.Context
		return made, nil
	}
	content := []byte(of.Inline)
	if of.Inline == "" {
		dockerfile := of.Dockerfile
		if dockerfile == "" {
			dockerfile = "Dockerfile"
		}
		if !filepath.IsAbs(dockerfile) {
			dockerfile = filepath.Join(of.Context, dockerfile)
		}
		if !filepath.IsAbs(dockerfile) {
			dockerfile = filepath.Join(dir, dockerfile)
		}
		var err error
		if content, err = os.ReadFile(dockerfile); err != nil {
			return target{}, err
		}
		p.covered = append(p.covered, dockerfile)
	}
	var err error
	made.recipe, err = readRecipe(content, of.Target)
	made.recipe.asks = slices.DeleteFunc(made.recipe.asks, func(arg string) bool { return of.Args[arg] != nil })
	return made, err
}

// remote matches contexts that BuildKit fetches.
var remote = regexp.MustCompile(`://|^git@|^github\.com/`)
