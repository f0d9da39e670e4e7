package run

import (
	"slices"
	"testing"
	"time"

	"builders.test/helpers/claim"
	"builders.test/internal/claims"
	"gotest.tools/v3/assert"
	"gotest.tools/v3/assert/cmp"
)

// book and specs are those of the toy module in testdata.
func book() []claim.Claim {
	return []claim.Claim{
		{ID: "builders/ls", Text: "`ls` lists each builder"},
		{ID: "builders/arch", Text: "both builders print the host's architecture"},
		{ID: "builders/platforms", Text: "`--platform` marks the preferred ones"},
		{ID: "caching/hits", Text: "the second build hits"},
		{ID: "caching/third", Text: "the third builder misses"},
		{ID: "caching/loaded", Text: "a loaded image gives no cache"},
		{ID: "processor/prints", Text: "each image prints its architecture"},
	}
}

func toySpecs(t *testing.T) []claims.Spec {
	t.Helper()
	specs, err := claims.Specs("testdata/toy")
	assert.NilError(t, err)
	return specs
}

func toySelection(t *testing.T) Selection {
	t.Helper()
	s, err := Select("", book(), toySpecs(t))
	assert.NilError(t, err)
	return s
}

func TestSelect(t *testing.T) {
	all := []string{
		"builders/ls", "builders/arch", "builders/platforms",
		"caching/hits", "caching/third", "caching/loaded", "processor/prints",
	}
	for choice, want := range map[string]struct {
		pattern string
		ids     []string
	}{
		"":                       {"^(TestBuilders|TestCaching|TestProcessor)$", all},
		"all":                    {"^(TestBuilders|TestCaching|TestProcessor)$", all},
		"caching":                {"^(TestCaching)$", all[3:6]},
		"Caching":                {"^(TestCaching)$", all[3:6]},
		"builders/arch":          {"^TestBuilders$/^arch$", all[1:2]},
		"TestCaching/third":      {"TestCaching/third", all[4:5]},
		"Caching/^(hits|third)$": {"Caching/^(hits|third)$", all[3:5]},
		"TestB|Caching/hits":     {"TestB|Caching/hits", all[0:4]},
		"/l":                     {"/l", []string{"builders/ls", "builders/platforms", "caching/loaded"}},
		"Test/ls/deeper":         {"Test/ls/deeper", all[0:1]},
	} {
		t.Run(choice, func(t *testing.T) {
			s, err := Select(choice, book(), toySpecs(t))
			assert.NilError(t, err)
			assert.Equal(t, s.Pattern, want.pattern)
			var ids []string
			for _, c := range s.Claims {
				ids = append(ids, c.ID)
			}
			assert.DeepEqual(t, ids, want.ids)
			assert.Assert(t, cmp.Len(s.Tests, len(want.ids)))
		})
	}
}

func TestSelectRefuses(t *testing.T) {
	for choice, want := range map[string]string{
		"nothing":       "RUN=nothing: no claim matches; `builders claims` lists what there is",
		"builders/nope": "RUN=builders/nope: no claim matches",
		"Test(":         "RUN=Test(: this is no chapter, no claim and no pattern: error parsing regexp",
	} {
		t.Run(choice, func(t *testing.T) {
			_, err := Select(choice, book(), toySpecs(t))
			assert.ErrorContains(t, err, want)
		})
	}
	_, err := Select("", nil, nil)
	assert.ErrorContains(t, err, "no claim matches", "an empty book is not green")
}

func TestDeadlineLeavesEveryClaimItsOwn(t *testing.T) {
	s := Selection{Claims: []claim.Claim{{ID: "a/b"}, {ID: "a/c", Deadline: 10 * time.Minute}}}
	assert.Equal(t, s.Deadline(0), 5*time.Minute+claim.DefaultDeadline+10*time.Minute)
	assert.Equal(t, s.Deadline(3), 5*time.Minute+4*claim.DefaultDeadline+40*time.Minute, "each may be tried again")
}

func TestSplitOutside(t *testing.T) {
	for pattern, want := range map[string][]string{
		"a/b":       {"a", "b"},
		"a[/]b/c":   {"a[/]b", "c"},
		"(a/b)/c":   {"(a/b)", "c"},
		`a\/b/c`:    {`a\/b`, "c"},
		"[(]/x":     {"[(]", "x"},
		"":          {""},
		`trailing\`: {`trailing\`},
	} {
		assert.DeepEqual(t, splitOutside(pattern, '/'), want)
	}
}

func TestOnly(t *testing.T) {
	all := toySelection(t)
	for name, tc := range map[string]struct {
		keep    []string
		pattern string
	}{
		"everything":   {[]string{"builders", "caching", "processor"}, all.Pattern},
		"a chapter":    {[]string{"caching"}, "^TestCaching$/^(hits|third|loaded)$"},
		"some of each": {[]string{"builders/ls", "caching/hits", "caching/third"}, "^TestBuilders$/^(ls)$|^TestCaching$/^(hits|third)$"},
	} {
		t.Run(name, func(t *testing.T) {
			kept := func(c claim.Claim) bool {
				return slices.Contains(tc.keep, c.ID) || slices.Contains(tc.keep, c.Chapter())
			}
			got, err := all.Only(kept)
			assert.NilError(t, err)
			assert.Equal(t, got.Pattern, tc.pattern)
			matches, err := matcher(got.Pattern)
			assert.NilError(t, err)
			for _, c := range all.Claims {
				_, selected := got.Tests[c.ID]
				assert.Equal(t, selected, kept(c), c.ID)
				assert.Equal(t, matches(all.Tests[c.ID]), kept(c), c.ID)
			}
		})
	}
	_, err := all.Only(func(claim.Claim) bool { return false })
	assert.Error(t, err, "none of the 7 selected claims applies")
}
