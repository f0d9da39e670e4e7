package claims

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"builders.test/helpers/claim"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// root is where the specs lie, seen from this package.
const root = "../.."

func TestEveryClaimIsWellFormedAndHasItsSpec(t *testing.T) {
	specs, err := Specs(root)
	assert.NilError(t, err)
	for _, fault := range faults(All(), specs) {
		t.Error(fault)
	}
}

var wellFormedID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*/[a-z0-9]+([-.][a-z0-9]+)*$`)

// faults lists what is wrong with the claims, with the specs, and between them.
func faults(all []claim.Claim, specs []Spec) []string {
	var faults []string
	add := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }

	claims := map[string]bool{}
	for _, c := range all {
		if claims[c.ID] {
			add("claim %s: the id is used twice", c.ID)
		}
		claims[c.ID] = true
		faults = append(faults, faultsOf(c)...)
	}
	proven := map[string]string{}
	for _, s := range specs {
		switch {
		case !claims[s.Claim]:
			add("%s: %s is proven, but no such claim exists", s.Where, s.Claim)
		case proven[s.Claim] != "":
			add("%s: %s is proven here and at %s", s.Where, s.Claim, proven[s.Claim])
		case !strings.EqualFold(s.Test, "Test"+chapterOf(s.Claim)):
			add("%s: %s belongs into Test<%s>, not into %s", s.Where, s.Claim, chapterOf(s.Claim), s.Test)
		}
		proven[s.Claim] = s.Where
	}
	for _, c := range all {
		if proven[c.ID] == "" {
			add("claim %s has no spec: no prove(t, %q, …) in the root's tests", c.ID, c.ID)
		}
	}
	return faults
}

func faultsOf(c claim.Claim) []string {
	var faults []string
	if !wellFormedID.MatchString(c.ID) {
		faults = append(faults, fmt.Sprintf("claim %q: the id does not read chapter/name in small letters", c.ID))
	}
	if text := strings.TrimSpace(c.Text); text == "" || text != c.Text || strings.HasSuffix(text, ".") {
		faults = append(faults, fmt.Sprintf("claim %s: the text %q is not one sentence without a full stop", c.ID, c.Text))
	}
	if strings.TrimSpace(c.Source) == "" {
		faults = append(faults, fmt.Sprintf("claim %s names no source", c.ID))
	}
	return faults
}

func chapterOf(id string) string { return claim.Claim{ID: id}.Chapter() }

func TestFaultsAreFound(t *testing.T) {
	good := claim.Claim{ID: "caching/third", Text: "The third builder misses", Source: "https://docs.docker.com/"}
	its := Spec{Claim: "caching/third", Test: "TestCaching", Where: "caching_test.go:9"}
	assert.Assert(t, cmp.Len(faults([]claim.Claim{good}, []Spec{its}), 0))

	with := func(change func(*claim.Claim)) claim.Claim {
		c := good
		change(&c)
		return c
	}
	for name, tc := range map[string]struct {
		claims []claim.Claim
		specs  []Spec
		want   string
	}{
		"no spec":       {[]claim.Claim{good}, nil, "claim caching/third has no spec"},
		"no claim":      {nil, []Spec{its}, "caching_test.go:9: caching/third is proven, but no such claim exists"},
		"two specs":     {[]claim.Claim{good}, []Spec{its, its}, "is proven here and at caching_test.go:9"},
		"used twice":    {[]claim.Claim{good, good}, []Spec{its}, "the id is used twice"},
		"other chapter": {[]claim.Claim{good}, []Spec{{Claim: its.Claim, Test: "TestCleanup", Where: "x"}}, "belongs into Test<caching>"},
		"a full stop":   {[]claim.Claim{with(func(c *claim.Claim) { c.Text += "." })}, []Spec{its}, "is not one sentence"},
		"no text":       {[]claim.Claim{with(func(c *claim.Claim) { c.Text = "" })}, []Spec{its}, "is not one sentence"},
		"no source":     {[]claim.Claim{with(func(c *claim.Claim) { c.Source = " " })}, []Spec{its}, "names no source"},
		"a bad id":      {[]claim.Claim{with(func(c *claim.Claim) { c.ID = "Caching" })}, nil, "does not read chapter/name"},
	} {
		t.Run(name, func(t *testing.T) {
			found := faults(tc.claims, tc.specs)
			assert.Assert(t, slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, tc.want) }), "%q", found)
		})
	}
}
