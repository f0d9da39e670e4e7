package catalog

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"builders.test/helpers/subject"
	"builders.test/internal/versions"
	"builders.test/lab/gobuild"
	"builders.test/lab/image"
	"builders.test/lab/problem"
	"github.com/moby/sys/atomicwriter"
)

// Labels of the lab's BuildKit images.
const (
	// versionLabel names the BuildKit release or, for a source tree, its
	// description.
	versionLabel = "test.builders.buildkit"
	// runcLabel names the runc release that RUN instructions execute with.
	runcLabel = "test.builders.runc"
)

// Release turns what a user writes for a BuildKit release into a version tag:
// "latest" and "stable" are the stable release, "0.11.5" is v0.11.5.
func Release(text string) (string, error) {
	if text == "latest" || text == "stable" || text == "buildx-stable-1" {
		return versions.NewestBuildKit, nil
	}
	tag, ok := subject.Release(text)
	if !ok {
		return "", problem.New(fmt.Sprintf("reading the BuildKit release %q", text), "it is not a version",
			"write one like "+versions.BuildKit+", or latest")
	}
	return tag, nil
}

// BuildKits turns the requested BuildKit releases and those the lab always has
// into a sorted list without repetition.
func BuildKits(requested []string) ([]string, error) {
	all := []string{versions.BuildKit, versions.NewestBuildKit, versions.OldBuildKit}
	for _, text := range requested {
		tag, err := Release(text)
		if err != nil {
			return nil, err
		}
		all = append(all, tag)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

var runcArg = regexp.MustCompile(`(?m)^ARG\s+RUNC_VERSION=["']?(v?[0-9][^\s"']*)`)

// runcOf returns the runc that a release bundles, according to BuildKit's own
// Dockerfile.
func runcOf(dockerfile string) (string, error) {
	found := runcArg.FindStringSubmatch(dockerfile)
	if found == nil {
		return "", fmt.Errorf("the Dockerfile has no RUNC_VERSION")
	}
	return "v" + strings.TrimPrefix(found[1], "v"), nil
}

func runcIn(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, "Dockerfile"))
	if err != nil {
		return "", err
	}
	return runcOf(string(text))
}

// runcNote remembers which runc a release bundles.
func (c *Catalog) runcNote(release string) note {
	return note{c.Site.Path("bin", "runc-of-buildkit-"+release)}
}

// runcFor returns the runc that a release bundles.
func (c *Catalog) runcFor(ctx context.Context, release string) (string, error) {
	text, err := c.runcNote(release).readOr(ctx, release, func(source string) ([]byte, error) {
		version, err := runcIn(source)
		return []byte(version), err
	})
	return string(text), err
}

// note is a file that remembers what a release's source says.
type note struct{ file string }

// readOr reads the note or, if there is none, finds out from the source what it should
// say and writes it.
func (n note) readOr(ctx context.Context, release string, find func(source string) ([]byte, error)) ([]byte, error) {
	if data, err := os.ReadFile(n.file); err == nil {
		return data, nil
	}
	source, err := gobuild.ModuleDir(ctx, gobuild.BuildKitModule, release)
	if err != nil {
		return nil, err
	}
	data, err := find(source)
	if err != nil {
		return nil, fmt.Errorf("reading the source of BuildKit %s: %w", release, err)
	}
	if err := os.MkdirAll(filepath.Dir(n.file), 0o755); err != nil {
		return nil, err
	}
	return data, atomicwriter.WriteFile(n.file, data, 0o644)
}

// buildkit returns the recipe for the image of a release. Its programs need not exist
// yet.
func (c *Catalog) buildkit(release, runcVersion string) image.Recipe {
	refs := []string{"moby/buildkit:" + release}
	if release == versions.NewestBuildKit {
		refs = append(refs, "moby/buildkit:buildx-stable-1", "moby/buildkit:latest")
	}
	origin := fmt.Sprintf("%s %s, runc %s and Debian packages (%s)", gobuild.BuildKitModule, release, runcVersion, c.Codename)
	return c.buildkitImage(refs, origin, c.Programs.Folder(gobuild.BuildKit(release)), release, runcVersion)
}

// buildkitImage returns the recipe for an image of the programs in the folder
// bin, which report a version, and of a release of runc.
func (c *Catalog) buildkitImage(refs []string, origin, bin, version, runcVersion string) image.Recipe {
	r := image.BuildKit(refs, c.Arch, origin,
		filepath.Join(bin, "buildkitd"), filepath.Join(bin, "buildctl"), filepath.Join(c.Programs.Folder(gobuild.Runc(runcVersion)), "runc"))
	r.Labels = map[string]string{versionLabel: version, runcLabel: runcVersion}
	return r
}

// ServeBuildKit makes the registry serve a release.
func (c *Catalog) ServeBuildKit(ctx context.Context, release string) error {
	version, err := c.runcFor(ctx, release)
	if err != nil {
		return err
	}
	return c.serve(ctx, c.buildkit(release, version), gobuild.BuildKit(release), gobuild.Runc(version))
}
