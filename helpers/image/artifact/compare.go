package artifact

import (
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Difference says where two artifacts begin to differ, for the given platform or, if that is
// empty, for all of them; it is empty if they have the same digests.
func Difference(a, b Artifact, platform string) (string, error) {
	if platform == "" && a.Digest != "" && a.Digest == b.Digest {
		return "", nil
	}
	both := []string{platform}
	if platform == "" {
		left, err := a.Platforms()
		if err != nil {
			return "", err
		}
		right, err := b.Platforms()
		if err != nil {
			return "", err
		}
		if !slices.Equal(left, right) {
			return fmt.Sprintf("one is for %s, the other for %s", strings.Join(left, ", "), strings.Join(right, ", ")), nil
		}
		both = left
	}
	for _, one := range both {
		where, err := ofPlatform(a, b, one)
		if err != nil || where != "" {
			return where, err
		}
	}
	if platform == "" && a.Digest != b.Digest {
		return fmt.Sprintf("the images are the same, but what lists them, or their attestations, is not: %s and %s", a.Digest, b.Digest), nil
	}
	return "", nil
}

func ofPlatform(a, b Artifact, platform string) (string, error) {
	left, err := a.Image(platform)
	if err != nil {
		return "", err
	}
	right, err := b.Image(platform)
	if err != nil {
		return "", err
	}
	where, err := ofImages(left, right)
	if err != nil || where == "" {
		return "", err
	}
	return platform + ": " + where, nil
}

// ofImages says where two images differ: in a layer, with the instruction that made it, in
// their config, or in how their manifest describes the same content.
func ofImages(a, b v1.Image) (string, error) {
	left, err := a.Digest()
	if err != nil {
		return "", err
	}
	right, err := b.Digest()
	if err != nil || left == right {
		return "", err
	}
	of, err := a.ConfigFile()
	if err != nil {
		return "", err
	}
	other, err := b.ConfigFile()
	if err != nil {
		return "", err
	}
	made := instructions(of)
	for i, layer := range of.RootFS.DiffIDs {
		if i >= len(other.RootFS.DiffIDs) {
			return fmt.Sprintf("one has %d layers, the other %d", len(of.RootFS.DiffIDs), len(other.RootFS.DiffIDs)), nil
		}
		if layer != other.RootFS.DiffIDs[i] {
			return fmt.Sprintf("layer %d differs, which `%s` made: %s and %s", i+1, made[i], layer, other.RootFS.DiffIDs[i]), nil
		}
	}
	if len(of.RootFS.DiffIDs) != len(other.RootFS.DiffIDs) {
		return fmt.Sprintf("one has %d layers, the other %d", len(of.RootFS.DiffIDs), len(other.RootFS.DiffIDs)), nil
	}
	if !of.Created.Equal(other.Created.Time) {
		return fmt.Sprintf("one says that it was created at %s, the other at %s", of.Created.UTC(), other.Created.UTC()), nil
	}
	return fmt.Sprintf("the layers are the same, the config or the manifest is not: %s and %s", left, right), nil
}

// instructions are what made each layer, according to the history.
func instructions(config *v1.ConfigFile) []string {
	var all []string
	for _, step := range config.History {
		if !step.EmptyLayer {
			all = append(all, step.CreatedBy)
		}
	}
	for len(all) < len(config.RootFS.DiffIDs) {
		all = append(all, "an unknown instruction")
	}
	return all
}
