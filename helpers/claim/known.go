package claim

import (
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Known says which releases are known to break a claim.
type Known struct {
	// Component says whose releases they are: BuildKit's (buildkit) or buildx's (buildx).
	Component string
	// Range is a constraint, such as ">=0.17.2 <0.17.3 || =0.18.0": the
	// releases in which the claim is broken.
	Range string
	// Broken is the release that shows the fault.
	Broken string
	// Fixed are the first releases in which the claim holds again, starting with the
	// newest release line; empty if it is not fixed yet.
	Fixed []string
	// Buildx is the release of buildx to show a fault of BuildKit with, and BuildKit
	// the one to show a fault of buildx with; empty means any.
	Buildx, BuildKit string
}

// Components are the components whose releases are tested.
var Components = []string{"buildkit", "buildx"}

// Has reports whether a release is within the range. A version that is not a
// release, such as that of a source tree, is not.
func (k Known) Has(version string) bool {
	within, err := semver.NewConstraint(k.Range)
	if err != nil {
		return false
	}
	v, err := semver.NewVersion(version)
	return err == nil && within.Check(v)
}

// KnownFault names the fault that makes the claim broken in a release, and its
// fix, for people who wonder whether they are the first to see it. It is empty if
// no fault of the release is known.
func (c Claim) KnownFault(buildkit, buildx string) string {
	if !c.Known.covers(buildkit, buildx) {
		return ""
	}
	fixed := "not fixed yet"
	if len(c.Known.Fixed) > 0 {
		fixed = "fixed in " + strings.Join(c.Known.Fixed, " and ")
	}
	return fmt.Sprintf("%s, %s %s", c.Reference(), c.Known.Component, fixed)
}

// FixedHere says, for a claim that holds, that a known fault of the release is
// not there. It is empty if no fault of the release is known.
func (c Claim) FixedHere(buildkit, buildx string) string {
	if !c.Known.covers(buildkit, buildx) {
		return ""
	}
	return fmt.Sprintf("%s, known of %s %s", c.Reference(), c.Known.Component, c.Known.Range)
}

// covers reports whether the fault is known in the releases under test.
func (k *Known) covers(buildkit, buildx string) bool {
	if k == nil {
		return false
	}
	if k.Component == "buildx" {
		return k.Has(buildx)
	}
	return k.Has(buildkit)
}
