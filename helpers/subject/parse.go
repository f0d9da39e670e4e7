package subject

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/distribution/reference"
	"golang.org/x/mod/modfile"
)

// DefaultBuildKit is the release under test if BUILDKIT is empty.
const DefaultBuildKit = "v0.11.5"

// NewestBuildKit is the newest release that is known here.
const NewestBuildKit = "v0.34.2"

// BuildKitChoice is what BUILDKIT says; exactly one field is set.
type BuildKitChoice struct {
	// Ref is a release, latest, or an image reference: what the specs take.
	Ref string
	// Source is the absolute folder of a source tree, to be built first.
	Source string
}

// BuildxChoice is what BUILDX says; empty means the plugin that docker finds.
type BuildxChoice struct {
	// Release is a release to be built, for example v0.38.2.
	Release string
	// Path is the absolute path of a plugin.
	Path string
}

// buildKitModule is the module path in BuildKit's go.mod.
const buildKitModule = "github.com/moby/buildkit"

// ParseBuildKit reads BUILDKIT; an empty text means the default release.
func ParseBuildKit(text string) (BuildKitChoice, error) {
	if text == "" {
		text = DefaultBuildKit
	}
	if version, ok := Release(text); ok {
		return BuildKitChoice{Ref: version}, nil
	}
	if isFolder(text) {
		return sourceTree(text)
	}
	if looksLikePath(text) {
		return BuildKitChoice{}, fmt.Errorf("BUILDKIT=%s: there is no such folder; a path must lead to a BuildKit source tree", text)
	}
	if _, err := ImageOf(text); err != nil {
		return BuildKitChoice{}, err
	}
	return BuildKitChoice{Ref: text}, nil
}

func sourceTree(dir string) (BuildKitChoice, error) {
	content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return BuildKitChoice{}, fmt.Errorf("BUILDKIT=%s: %w", dir, err)
	}
	if modfile.ModulePath(content) != buildKitModule {
		return BuildKitChoice{}, fmt.Errorf("BUILDKIT=%s is a folder, but no source tree of BuildKit: it has no go.mod of %s", dir, buildKitModule)
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return BuildKitChoice{}, fmt.Errorf("BUILDKIT=%s: %w", dir, err)
	}
	return BuildKitChoice{Source: absolute}, nil
}

var releaseTag = regexp.MustCompile(`^(?:docker\.io/)?moby/buildkit:(v\d+\.\d+\.\d+(?:-rc\d+)?)$`)

// Release returns the release that has to be provided for this subject; false if
// it names none.
func (b BuildKitChoice) Release() (string, bool) {
	if version, ok := Release(b.Ref); ok {
		return version, true
	}
	if match := releaseTag.FindStringSubmatch(b.Ref); match != nil {
		return match[1], true
	}
	return "", false
}

// ParseBuildx reads BUILDX.
func ParseBuildx(text string) (BuildxChoice, error) {
	if text == "" {
		return BuildxChoice{}, nil
	}
	if version, ok := Release(text); ok {
		return BuildxChoice{Release: version}, nil
	}
	info, err := os.Stat(text)
	if err != nil {
		return BuildxChoice{}, fmt.Errorf("BUILDX=%s is neither a release such as v0.38.2 nor a file", text)
	}
	if info.IsDir() || info.Mode()&0o111 == 0 {
		return BuildxChoice{}, fmt.Errorf("BUILDX=%s is not an executable file; give the path of the plugin itself", text)
	}
	absolute, err := filepath.Abs(text)
	if err != nil {
		return BuildxChoice{}, fmt.Errorf("BUILDX=%s: %w", text, err)
	}
	return BuildxChoice{Path: absolute}, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func looksLikePath(text string) bool {
	return strings.HasPrefix(text, "/") || strings.HasPrefix(text, ".") || strings.HasPrefix(text, "~")
}

var release = regexp.MustCompile(`^v?(\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?)$`)

// Release reads a release of BuildKit or buildx as people write it, 0.34.2 or
// v0.34.2, and returns its tag.
func Release(text string) (tag string, ok bool) {
	match := release.FindStringSubmatch(text)
	if match == nil {
		return "", false
	}
	return "v" + match[1], true
}

// ImageOf turns what BUILDKIT says into an image reference: a release or
// latest means the tag of moby/buildkit, anything with a slash, a colon or a
// digest is a reference already.
func ImageOf(buildkit string) (string, error) {
	if tag, ok := Release(buildkit); ok {
		return "moby/buildkit:" + tag, nil
	}
	switch {
	case buildkit == "latest":
		return "moby/buildkit:latest", nil
	case !strings.ContainsAny(buildkit, "/:@"):
		return "", fmt.Errorf("BUILDKIT=%s is neither a release such as %s, nor latest, nor an image reference", buildkit, DefaultBuildKit)
	}
	named, err := reference.ParseNormalizedNamed(buildkit)
	if err != nil {
		return "", fmt.Errorf("BUILDKIT=%s is not an image reference: %w", buildkit, err)
	}
	return reference.FamiliarString(reference.TagNameOnly(named)), nil
}
