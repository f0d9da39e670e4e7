// Package subject reads how a person names the BuildKit and the buildx that
// are put to the test.
package subject

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"builders.test/helpers/env"
	"golang.org/x/mod/modfile"
)

// BuildKit is what BUILDKIT says; exactly one way of saying it is filled in.
type BuildKit struct {
	// Ref is a release, latest, or an image reference: what the specs take.
	Ref string
	// Source is the absolute folder of a source tree, to be built first.
	Source string
}

// Buildx is what BUILDX says; empty means the plugin that docker finds.
type Buildx struct {
	// Release is one to be built, for example v0.38.2.
	Release string
	// Path is the absolute path of a plugin.
	Path string
}

// buildKitModule is what a source tree's go.mod says it is.
const buildKitModule = "github.com/moby/buildkit"

// ParseBuildKit reads BUILDKIT; nothing means the default release.
func ParseBuildKit(text string) (BuildKit, error) {
	if text == "" {
		text = env.DefaultBuildKit
	}
	if version, ok := env.Release(text); ok {
		return BuildKit{Ref: version}, nil
	}
	if isFolder(text) {
		return sourceTree(text)
	}
	if looksLikePath(text) {
		return BuildKit{}, fmt.Errorf("BUILDKIT=%s: there is no such folder; a path must lead to a BuildKit source tree", text)
	}
	if _, err := env.ImageOf(text); err != nil {
		return BuildKit{}, err
	}
	return BuildKit{Ref: text}, nil
}

func sourceTree(dir string) (BuildKit, error) {
	content, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return BuildKit{}, fmt.Errorf("BUILDKIT=%s: %w", dir, err)
	}
	if modfile.ModulePath(content) != buildKitModule {
		return BuildKit{}, fmt.Errorf("BUILDKIT=%s is a folder, but no source tree of BuildKit: it has no go.mod of %s", dir, buildKitModule)
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return BuildKit{}, fmt.Errorf("BUILDKIT=%s: %w", dir, err)
	}
	return BuildKit{Source: absolute}, nil
}

var releaseTag = regexp.MustCompile(`^(?:docker\.io/)?moby/buildkit:(v\d+\.\d+\.\d+(?:-rc\d+)?)$`)

// Release is the release that the lab has to provide for this subject; false
// where none is named.
func (b BuildKit) Release() (string, bool) {
	if version, ok := env.Release(b.Ref); ok {
		return version, true
	}
	if match := releaseTag.FindStringSubmatch(b.Ref); match != nil {
		return match[1], true
	}
	return "", false
}

// ParseBuildx reads BUILDX.
func ParseBuildx(text string) (Buildx, error) {
	if text == "" {
		return Buildx{}, nil
	}
	if version, ok := env.Release(text); ok {
		return Buildx{Release: version}, nil
	}
	info, err := os.Stat(text)
	if err != nil {
		return Buildx{}, fmt.Errorf("BUILDX=%s is neither a release such as v0.38.2 nor a file", text)
	}
	if info.IsDir() || info.Mode()&0o111 == 0 {
		return Buildx{}, fmt.Errorf("BUILDX=%s is not an executable file; give the path of the plugin itself", text)
	}
	absolute, err := filepath.Abs(text)
	if err != nil {
		return Buildx{}, fmt.Errorf("BUILDX=%s: %w", text, err)
	}
	return Buildx{Path: absolute}, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func looksLikePath(text string) bool {
	return strings.HasPrefix(text, "/") || strings.HasPrefix(text, ".") || strings.HasPrefix(text, "~")
}
