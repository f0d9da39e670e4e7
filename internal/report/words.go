package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"builders.test/helpers/claim"
)

// Mark returns a verdict as one character.
func Mark(v claim.Verdict) string { return StandingOf(v).Mark() }

// Word returns a verdict as people say it.
func Word(v claim.Verdict) string { return StandingOf(v).Word() }

// Mark returns the claim's verdict as one character. A known fault has its own.
func (c Claim) Mark() string { return c.Standing().Mark() }

// Word returns the claim's verdict as people say it.
func (c Claim) Word() string { return c.Standing().Word() }

// Why returns everything there is to say about the verdict, in one line: the
// reason, preceded by how often the claim failed, or by the reference if the
// fault is known. The reason comes last because it is long and lines are cut at
// their end.
func (c Claim) Why() string {
	why := c.Reason
	if count := c.Count(); count != "" {
		why = count + ": " + why
	}
	if c.Known != "" {
		why = c.Known + ": " + why
	}
	if c.FixedHere != "" {
		why = "fixed here (" + c.FixedHere + ")"
	}
	return why
}

// String says the counts in words. Known faults and unsteady claims are rare, and
// mentioned only if there are some.
func (s Summary) String() string {
	parts := []string{fmt.Sprintf("%d hold", s.Holds)}
	for _, standing := range []Standing{Broken, Known, Unsteady, Error, NotApplicable} {
		if n := s.Of(standing); n > 0 || !standing.Rare() {
			parts = append(parts, fmt.Sprintf("%d %s", n, standing.Word()))
		}
	}
	return strings.Join(parts, ", ")
}

// Total returns how many claims were counted.
func (s Summary) Total() int {
	total := 0
	for _, standing := range Standings() {
		total += s.Of(standing)
	}
	return total
}

// Of returns how many claims have the standing.
func (s Summary) Of(standing Standing) int { return *s.at(standing) }

func (s *Summary) at(standing Standing) *int {
	switch standing {
	case Holds:
		return &s.Holds
	case NotApplicable:
		return &s.NotApplicable
	case Known:
		return &s.Known
	case Unsteady:
		return &s.Unsteady
	case Broken:
		return &s.Broken
	}
	return &s.Error
}

// Add counts one more.
func (s *Summary) Add(standing Standing) { *s.at(standing)++ }

// Tally counts standings.
func Tally(all []Standing) Summary {
	var s Summary
	for _, standing := range all {
		s.Add(standing)
	}
	return s
}

// Describe says in one line what was tested on what, and leaves out what is
// unknown.
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

// standIns lists the images that something else took the place of, sorted and
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
