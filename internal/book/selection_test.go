package book

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"builders.test/helpers/claim"
	"gotest.tools/v3/assert"
)

// small returns a book of a few claims.
func small() Book {
	var b Book
	for _, id := range []string{"builders/ls", "builders/arch", "caching/hits", "caching/third", "caching/dive-0.12", "images/prune", "images/prune-type", "regressions/x"} {
		c := claim.Claim{ID: id}
		chapter := c.Chapter()
		b.Claims = append(b.Claims, claim.Listed{Claim: c, Test: "Test" + strings.ToUpper(chapter[:1]) + chapter[1:] + "/" + c.Name()})
	}
	return b
}

func TestSelect(t *testing.T) {
	for choice, want := range map[string]string{
		"":                         "builders/ls builders/arch caching/hits caching/third caching/dive-0.12 images/prune images/prune-type regressions/x",
		"all":                      "builders/ls builders/arch caching/hits caching/third caching/dive-0.12 images/prune images/prune-type regressions/x",
		"caching":                  "caching/hits caching/third caching/dive-0.12",
		"Caching":                  "caching/hits caching/third caching/dive-0.12",
		"builders/arch":            "builders/arch",
		"Builders/Arch":            "builders/arch",
		"images/prune*":            "images/prune images/prune-type",
		"*/*i*":                    "caching/hits caching/third caching/dive-0.12",
		"caching/[ht]*":            "caching/hits caching/third",
		"builders, images/prune":   "builders/ls builders/arch images/prune",
		"images/prune builders/ls": "builders/ls images/prune",
		"builders/arch\n":          "builders/arch",
		"builders/arch\tcaching\n": "builders/arch caching/hits caching/third caching/dive-0.12",
		" all\n":                   "builders/ls builders/arch caching/hits caching/third caching/dive-0.12 images/prune images/prune-type regressions/x",
	} {
		t.Run(choice, func(t *testing.T) {
			got, err := small().Select(choice)
			assert.NilError(t, err)
			assert.Equal(t, strings.Join(got.IDs(), " "), want)
		})
	}
}

func TestSelectRefuses(t *testing.T) {
	for choice, want := range map[string]string{
		"nothing":           "RUN=nothing: nothing is not a chapter, a claim's id or a matching glob of ids; `builders claims` lists them",
		"caching,nope":      "RUN=caching,nope: nope is not a chapter",
		"^Test(Builders)$":  "is not a chapter, a claim's id or a matching glob",
		"TestCaching/third": "is not a chapter",
		"[":                 "is not a chapter",
		"prune*":            "is not a chapter",
		",":                 `RUN="," names no claim; leave it empty for all`,
		" ":                 `RUN=" " names no claim`,
		"\n, \t":            `RUN="\n, \t" names no claim`,
	} {
		t.Run(choice, func(t *testing.T) {
			_, err := small().Select(choice)
			assert.ErrorContains(t, err, want)
		})
	}
	_, err := Book{}.Select("")
	assert.Error(t, err, "the specs have no claims", "an empty book is not green")
	_, err = small().Only(func(claim.Listed) bool { return false })
	assert.Error(t, err, "none of the 8 selected claims applies")
}

func TestFind(t *testing.T) {
	for word, want := range map[string]string{
		"builders/arch": "builders/arch", "Builders/Arch": "builders/arch", "builders/arch\n": "builders/arch", "caching/t*": "caching/third",
	} {
		got, err := small().Find(word)
		assert.NilError(t, err)
		assert.Equal(t, got.ID, want)
	}
	for word, want := range map[string]string{
		"": "no claim is named; give an id such as builders/arch", " ": "no claim is named; give an id such as builders/arch",
		"nonsense": "no claim has the id nonsense", "arch": "no claim has the id arch, but there is builders/arch",
		"rch": "no claim has the id rch", "caching": "caching is 3 claims; name one by its id",
	} {
		_, err := small().Find(word)
		assert.Error(t, err, want)
	}
}

func TestThePatternIsForTheChosenClaims(t *testing.T) {
	for choice, want := range map[string]string{
		"caching":                      "^TestCaching$/^(hits|third|dive-0\\.12)$",
		"builders/ls caching/[ht]*":    "^TestBuilders$/^(ls)$|^TestCaching$/^(hits|third)$",
		"images/prune, regressions/x*": "^TestImages$/^(prune)$|^TestRegressions$/^(x)$",
	} {
		chosen, err := small().Select(choice)
		assert.NilError(t, err)
		assert.Equal(t, chosen.Pattern(), want)
		for alternative := range strings.SplitSeq(chosen.Pattern(), "|^Test") {
			_, err := regexp.Compile(strings.ReplaceAll(alternative, "/", "|"))
			assert.NilError(t, err)
		}
	}
}

func TestDeadlineLeavesEveryClaimItsOwn(t *testing.T) {
	b := Book{Claims: []claim.Listed{{Claim: claim.Claim{ID: "a/b"}}, {Claim: claim.Claim{ID: "a/c", Deadline: 10 * time.Minute}}}}
	assert.Equal(t, b.Deadline(0), 5*time.Minute+claim.DefaultDeadline+10*time.Minute)
	assert.Equal(t, b.Deadline(3), 5*time.Minute+4*claim.DefaultDeadline+40*time.Minute, "each may be tried again")
}
