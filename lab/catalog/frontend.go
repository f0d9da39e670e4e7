package catalog

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
	"strings"

	"builders.test/internal/versions"
	"builders.test/lab/gobuild"
	"builders.test/lab/image"
	"builders.test/lab/problem"
	"github.com/Masterminds/semver/v3"
)

// Frontends turns the requested releases of docker/dockerfile and those the
// lab always has into a list from old to new, without repetition.
func Frontends(requested []string) ([]string, error) {
	all := slices.Clone(versions.FrontendsAlways)
	for _, text := range requested {
		tag := strings.TrimPrefix(strings.TrimPrefix(text, "docker/dockerfile:"), "v")
		if _, ok := versions.Frontends[tag]; !ok {
			return nil, problem.New(fmt.Sprintf("reading the Dockerfile frontend %q", text), "the lab cannot make it",
				"known are "+strings.Join(knownFrontends(), ", "))
		}
		all = append(all, tag)
	}
	slices.SortFunc(all, compareTags)
	return slices.Compact(all), nil
}

// knownFrontends returns the tags of all releases that can be served, from old to
// new.
func knownFrontends() []string {
	return slices.SortedFunc(maps.Keys(versions.Frontends), compareTags)
}

// compareTags orders tags such as 1.9 and 1.10 as versions.
func compareTags(a, b string) int {
	return semver.MustParse(a).Compare(semver.MustParse(b))
}

// serveFrontend makes the registry serve a release of docker/dockerfile.
func (c *Catalog) serveFrontend(ctx context.Context, tag string) error {
	labels, err := c.frontendLabels(ctx, versions.Frontends[tag])
	if err != nil {
		return err
	}
	return c.serve(ctx, c.frontend(tag, labels), gobuild.Frontend(versions.Frontends[tag]))
}

// frontend returns the recipe for the image of a release. Its program need not exist
// yet.
func (c *Catalog) frontend(tag string, labels map[string]string) image.Recipe {
	refs := []string{"docker/dockerfile:" + tag}
	if tag == versions.NewestFrontend {
		refs = []string{"docker/dockerfile:1", "docker/dockerfile:latest", "docker/dockerfile:" + tag}
	}
	p := gobuild.Frontend(versions.Frontends[tag])
	return image.Frontend(refs, c.Arch, p.Module+" "+p.Version, filepath.Join(c.Programs.Folder(p), "dockerfile-frontend"), labels)
}

// labelsNote remembers the labels of a release's frontend.
func (c *Catalog) labelsNote(release string) note {
	return note{c.Site.Path("bin", "labels-of-frontend-"+release)}
}

// frontendLabels returns the labels that upstream puts on the frontend of a
// BuildKit release.
func (c *Catalog) frontendLabels(ctx context.Context, release string) (map[string]string, error) {
	data, err := c.labelsNote(release).readOr(ctx, release, func(source string) ([]byte, error) {
		text, err := os.ReadFile(filepath.Join(source, "frontend/dockerfile/cmd/dockerfile-frontend/Dockerfile"))
		if err != nil {
			return nil, err
		}
		labels := labelsOf(string(text))
		if len(labels) == 0 {
			return nil, errors.New("the Dockerfile of the frontend sets no labels")
		}
		return json.Marshal(labels)
	})
	if err != nil {
		return nil, err
	}
	var labels map[string]string
	return labels, json.Unmarshal(data, &labels)
}

var labelLine = regexp.MustCompile(`(?m)^LABEL\s+([\w.-]+)="([^"]*)"`)

// labelsOf reads the labels that a Dockerfile sets, one per line.
func labelsOf(dockerfile string) map[string]string {
	labels := map[string]string{}
	for _, found := range labelLine.FindAllStringSubmatch(dockerfile, -1) {
		labels[found[1]] = found[2]
	}
	return labels
}
