package spec

import (
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Known tells of a claim that some releases are known to break.
type Known struct {
	// Component says whose releases they are: buildkit or buildx.
	Component string
	// Range is a constraint, such as ">=0.17.2 <0.17.3 || =0.18.0": the
	// releases in which the claim is broken.
	Range string
	// Broken is the release that shows it.
	Broken string
	// Fixed are the first releases in which the claim holds again, that of the
	// newest line first; there is none where it is not mended yet.
	Fixed []string
	// Buildx is the release of buildx to show BuildKit's fault with, and
	// BuildKit the one to show buildx's with; empty means any.
	Buildx, BuildKit string
}

// Components are those whose releases are put to the test.
var Components = []string{"buildkit", "buildx"}

// Has tells whether a release is within the range. A version that is none,
// such as that of a source tree, is not.
func (k Known) Has(version string) bool {
	within, err := semver.NewConstraint(k.Range)
	if err != nil {
		return false
	}
	v, err := semver.NewVersion(version)
	return err == nil && within.Check(v)
}

// note names the fault and its fix, for people who wonder whether they are the
// first to see it; empty if the release under test is not a known one.
func (k *Known) note(t *T) string {
	if !k.covers(t) {
		return ""
	}
	fixed := "not fixed yet"
	if len(k.Fixed) > 0 {
		fixed = "fixed in " + strings.Join(k.Fixed, " and ")
	}
	return fmt.Sprintf("%s, %s %s", t.Claim.reference(), k.Component, fixed)
}

// unexpected says that the fault should be there and is not; empty if the
// release under test is not a known one.
func (k *Known) unexpected(t *T) string {
	if !k.covers(t) {
		return ""
	}
	return fmt.Sprintf("%s, known of %s %s", t.Claim.reference(), k.Component, k.Range)
}

// covers reports whether the release under test is a known one.
func (k *Known) covers(t *T) bool {
	if k == nil {
		return false
	}
	if k.Component == "buildx" {
		return k.Has(t.Env.Buildx.Version)
	}
	return k.Has(t.BuildKit)
}

// reference is the claim's source, short where it is an issue on GitHub.
func (c Claim) reference() string { return strings.TrimPrefix(c.Source, "https://github.com/") }
