package book

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"builders.test/helpers/claim"
	"gotest.tools/v3/assert"
)

// The page of answers names every claim, no other, and files that exist.
func TestAnswersNameTheClaims(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "answers.md"))
	assert.NilError(t, err)
	for _, fault := range faultsOfAnswers(string(page), whole(t).WithoutRegressions().Claims) {
		t.Error("docs/answers.md: " + fault)
	}
	for _, link := range linked.FindAllStringSubmatch(string(page), -1) {
		_, err := os.Stat(filepath.Join(root, "docs", link[1]))
		assert.Check(t, err == nil, "docs/answers.md: the link %s leads nowhere", link[1])
	}
}

var (
	linked = regexp.MustCompile(`\]\(([^)#:]+)[^):]*\)`)
	// named is a claim's id as the page writes it. Words of other kinds with
	// a slash, such as docker/dockerfile, don't begin with a chapter.
	named = regexp.MustCompile("`((?:builders|drivers|processor|ffmpeg|caching|output|buildkit|frontend|images|shape|cleanup)/[^`\\s]+)`")
)

// faultsOfAnswers lists the claims that the page should name and doesn't, and
// those that it names and don't exist.
func faultsOfAnswers(page string, all []claim.Listed) []string {
	var faults []string
	unnamed := map[string]bool{}
	for _, claim := range all {
		unnamed[claim.ID] = true
	}
	known := func(id string) bool { _, ok := unnamed[id]; return ok }
	for _, match := range named.FindAllStringSubmatch(page, -1) {
		if !known(match[1]) {
			faults = append(faults, fmt.Sprintf("there is no claim `%s`", match[1]))
			continue
		}
		unnamed[match[1]] = false
	}
	for _, claim := range all {
		if unnamed[claim.ID] {
			faults = append(faults, fmt.Sprintf("no answer names `%s`: %s", claim.ID, claim.Text))
		}
	}
	return faults
}

func TestFaultsOfAnswersAreFound(t *testing.T) {
	all := []claim.Listed{{Claim: claim.Claim{ID: "images/one", Text: "One"}}, {Claim: claim.Claim{ID: "images/dive-0.12", Text: "Two"}}}
	for page, want := range map[string][]string{
		"`images/one`, `images/dive-0.12`, `docker/dockerfile:1`, images/three": nil,
		"`images/one`": {"no answer names `images/dive-0.12`: Two"},
		"`images/one`,\n`images/dive-0.12` `images/on`": {"there is no claim `images/on`"},
	} {
		assert.DeepEqual(t, faultsOfAnswers(page, all), want)
	}
}
