// Package claim is what the specs prove, as data: claims, what they need, where
// they are known to be broken, and the verdicts on them. It needs neither Docker
// nor a running test.
package claim

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// DefaultDeadline bounds a claim that names no deadline. Real regressions include
// hangs, so no claim may wait forever.
const DefaultDeadline = 2 * time.Minute

// Claim is one sentence about builders that a user relies on.
type Claim struct {
	// ID is stable and reads chapter/name, for example "builders/arch".
	ID string
	// Text is the sentence, in the present tense, without a full stop.
	Text string
	// Source is where the belief comes from: a documentation page or an
	// upstream issue.
	Source string
	// Needs lists the capabilities without which the claim says nothing.
	Needs []Need
	// History says how the behavior differs between versions, and since which; empty
	// if all supported versions agree.
	History string
	// Known says in which releases the claim is known to be broken; nil if in none.
	Known *Known
	// Deadline bounds the proof; zero means [DefaultDeadline].
	Deadline time.Duration
	// Takes is about how long the proof takes if that is long: the claims that take longest
	// begin first. Zero means a few seconds.
	Takes time.Duration
	// Turns is the same word for claims that are proven one after the other, because they
	// share something that is there once. Empty for those that share nothing.
	Turns string
}

// wellFormed is an id whose parts can be folders and names of tests.
var wellFormed = regexp.MustCompile(`^[\pL\pN][\pL\pN_.+-]*/[\pL\pN][\pL\pN_.+-]*$`)

// ValidID reports whether an id reads chapter/name, both made of letters, digits and
// any of "_.+-". A name with ".try-" in it would be taken for a retry.
func ValidID(id string) bool { return wellFormed.MatchString(id) && !strings.Contains(id, ".try-") }

// Chapter returns the part of the id before the slash.
func (c Claim) Chapter() string {
	chapter, _, _ := strings.Cut(c.ID, "/")
	return chapter
}

// Name returns the part of the id after the slash; it names the subtest.
func (c Claim) Name() string {
	_, name, _ := strings.Cut(c.ID, "/")
	return name
}

// In reports whether the claim can be proven with a driver and on an image store;
// an empty word stands for any.
func (c Claim) In(driver, store string) bool {
	for _, need := range c.Needs {
		if driver != "" && need.drivers != nil && !slices.Contains(need.drivers, driver) {
			return false
		}
		if store != "" && need.store != "" && need.store != store {
			return false
		}
	}
	return true
}

// DriverOr returns the driver that the claim is proven with: the preferred one if
// the claim applies to it, otherwise the one that the claim is about.
func (c Claim) DriverOr(preferred string) string {
	for _, need := range c.Needs {
		if need.drivers != nil && !slices.Contains(need.drivers, preferred) {
			return need.drivers[0]
		}
	}
	return preferred
}

// Store returns the image store that the claim is about, or empty.
func (c Claim) Store() string {
	for _, need := range c.Needs {
		if need.store != "" {
			return need.store
		}
	}
	return ""
}

// Words lists what the claim needs, in the closed vocabulary of [Need].
func (c Claim) Words() []string {
	words := make([]string, 0, len(c.Needs))
	for _, need := range c.Needs {
		words = append(words, need.Word())
	}
	return words
}

// Limit returns how long a proof may take.
func (c Claim) Limit() time.Duration {
	if c.Deadline > 0 {
		return c.Deadline
	}
	return DefaultDeadline
}

// Reference returns the claim's source, shortened if it is an issue on GitHub.
func (c Claim) Reference() string { return strings.TrimPrefix(c.Source, "https://github.com/") }
