package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"builders.test/internal/versions"
	"builders.test/lab/image"
	"github.com/Masterminds/semver/v3"
	"github.com/moby/sys/atomicwriter"
)

// frontendTags turns the requested releases of docker/dockerfile and those the
// lab always has into a list from old to new, without repetition.
func frontendTags(requested []string) ([]string, error) {
	all := slices.Clone(versions.FrontendsAlways)
	for _, text := range requested {
		tag := strings.TrimPrefix(strings.TrimPrefix(text, "docker/dockerfile:"), "v")
		if _, ok := versions.Frontends[tag]; !ok {
			return nil, problem(fmt.Sprintf("reading the Dockerfile frontend %q", text), "it is none that the lab can make",
				"known are "+strings.Join(knownFrontends(), ", "))
		}
		all = append(all, tag)
	}
	slices.SortFunc(all, compareTags)
	return slices.Compact(all), nil
}

// knownFrontends are the tags of all releases that can be served, from old to
// new.
func knownFrontends() []string {
	var all []string
	for tag := range versions.Frontends {
		all = append(all, tag)
	}
	slices.SortFunc(all, compareTags)
	return all
}

// compareTags orders tags such as 1.9 and 1.10 as versions.
func compareTags(a, b string) int {
	return semver.MustParse(a).Compare(semver.MustParse(b))
}

// serveFrontend makes the registry serve a release of docker/dockerfile.
func (l *Lab) serveFrontend(ctx context.Context, tag string) error {
	labels, err := l.frontendLabels(ctx, versions.Frontends[tag])
	if err != nil {
		return err
	}
	return l.serve(ctx, l.frontendRecipe(tag, labels), frontend(versions.Frontends[tag]))
}

// frontendRecipe is the image of a release. Its program need not exist yet.
func (l *Lab) frontendRecipe(tag string, labels map[string]string) image.Recipe {
	refs := []string{"docker/dockerfile:" + tag}
	if tag == versions.NewestFrontend {
		refs = []string{"docker/dockerfile:1", "docker/dockerfile:latest", "docker/dockerfile:" + tag}
	}
	p := frontend(versions.Frontends[tag])
	return image.Frontend(refs, l.arch, p.module+" "+p.version, filepath.Join(l.folder(p), "dockerfile-frontend"), labels)
}

// frontendNote is the file that remembers the labels of a release's frontend.
func (l *Lab) frontendNote(release string) string {
	return l.path("bin", "labels-of-frontend-"+release)
}

// frontendLabels are the labels that upstream puts on the frontend of a
// BuildKit release.
func (l *Lab) frontendLabels(ctx context.Context, release string) (map[string]string, error) {
	if labels, ok := l.recallLabels(release); ok {
		return labels, nil
	}
	dir, err := moduleDir(ctx, buildkitModule, release)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, "frontend/dockerfile/cmd/dockerfile-frontend/Dockerfile"))
	if err != nil {
		return nil, err
	}
	labels := labelsOf(string(text))
	if len(labels) == 0 {
		return nil, fmt.Errorf("finding the labels of the frontend of BuildKit %s: its Dockerfile sets none", release)
	}
	data, err := json.Marshal(labels)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(l.frontendNote(release)), 0o755); err != nil {
		return nil, err
	}
	return labels, atomicwriter.WriteFile(l.frontendNote(release), data, 0o644)
}

// recallLabels are the labels found earlier, if they were.
func (l *Lab) recallLabels(release string) (map[string]string, bool) {
	data, err := os.ReadFile(l.frontendNote(release))
	if err != nil {
		return nil, false
	}
	var labels map[string]string
	return labels, json.Unmarshal(data, &labels) == nil
}

var labelLine = regexp.MustCompile(`(?m)^LABEL\s+([\w.-]+)="([^"]*)"`)

// labelsOf reads the labels that a Dockerfile sets, one a line.
func labelsOf(dockerfile string) map[string]string {
	labels := map[string]string{}
	for _, found := range labelLine.FindAllStringSubmatch(dockerfile, -1) {
		labels[found[1]] = found[2]
	}
	return labels
}

// frontendRecipes are the images of all frontends that the lab has or should
// have.
func (l *Lab) frontendRecipes() []image.Recipe {
	var all []image.Recipe
	for _, tag := range knownFrontends() {
		labels, made := l.recallLabels(versions.Frontends[tag])
		if made || slices.Contains(versions.FrontendsAlways, tag) {
			all = append(all, l.frontendRecipe(tag, labels))
		}
	}
	return all
}
