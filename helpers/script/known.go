package script

import (
	"fmt"
	"slices"
	"strings"

	"builders.test/helpers/claim"
	"github.com/Masterminds/semver/v3"
)

// known parses a header line about a known regression.
func (s *Script) known(key, value string) error {
	if s.Claim.Known == nil {
		s.Claim.Known = &claim.Known{}
	}
	known := s.Claim.Known
	switch key {
	case "component":
		if !slices.Contains(claim.Components, value) {
			return fmt.Errorf("component %q is none of %s", value, strings.Join(claim.Components, ", "))
		}
		known.Component = value
		return nil
	case "known":
		if _, err := semver.NewConstraint(value); err != nil || value == "" {
			return fmt.Errorf("known %q is not a version constraint; write one like >=0.17.2 <0.17.3 || =0.18.0", value)
		}
		known.Range = value
		return nil
	case "with":
		return s.with(value)
	}
	releases := strings.Fields(value)
	for _, release := range releases {
		if _, err := semver.NewVersion(release); err != nil {
			return fmt.Errorf("%s %q is not a release; write one like v0.18.0", key, release)
		}
	}
	switch {
	case key == "fixed":
		known.Fixed = releases
	case len(releases) != 1:
		return fmt.Errorf("broken %q is not one release", value)
	default:
		known.Broken = releases[0]
	}
	return nil
}

// with parses the release of the other component that a regression is shown with:
// buildkit:v0.34.2 or buildx:v0.38.2.
func (s *Script) with(value string) error {
	component, release, _ := strings.Cut(value, ":")
	if _, err := semver.NewVersion(release); err != nil || !slices.Contains(claim.Components, component) {
		return fmt.Errorf("with %q is not a release; write one like buildkit:v0.34.2", value)
	}
	if component == "buildkit" {
		s.Claim.Known.BuildKit = release
	} else {
		s.Claim.Known.Buildx = release
	}
	return nil
}
