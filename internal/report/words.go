package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"builders.test/helpers/spec"
)

// Mark is a verdict as one character.
func Mark(v spec.Verdict) string {
	switch v {
	case spec.Holds:
		return "✓"
	case spec.Broken:
		return "✗"
	case spec.NotApplicable:
		return "–"
	}
	return "!"
}

// Word is a verdict as people say it.
func Word(v spec.Verdict) string {
	if v == spec.NotApplicable {
		return "not applicable"
	}
	return v.String()
}

// String says the counts in words.
func (s Summary) String() string {
	return fmt.Sprintf("%d hold, %d broken, %d error, %d not applicable", s.Holds, s.Broken, s.Error, s.NotApplicable)
}

// Total is how many claims were counted.
func (s Summary) Total() int { return s.Holds + s.Broken + s.Error + s.NotApplicable }

// Describe says in one line what was tested on what, and leaves out what
// nobody knows.
func Describe(s Subject) string {
	engine := "engine " + s.Engine.Version
	if s.Engine.Store != "" {
		engine += " (" + s.Engine.Store + " store)"
	}
	var parts []string
	for _, part := range []string{"BuildKit " + s.BuildKit.Version, "buildx " + s.Buildx.Version, engine, "kernel " + s.Host.Kernel} {
		if !strings.HasSuffix(part, " ") {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// String says what the image was: "busybox:latest: made from Debian's packages".
func (s StandIn) String() string {
	if s.Is == "" {
		return s.Image + ": a stand-in"
	}
	return s.Image + ": " + s.Is
}

// standIns lists the images whose place something else took, sorted and
// without repetition.
func standIns(claims []Claim) []string {
	images := map[string]bool{}
	for _, claim := range claims {
		for _, image := range claim.StandIns {
			images[image] = true
		}
	}
	return slices.Sorted(maps.Keys(images))
}
