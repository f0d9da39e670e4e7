package book

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"builders.test/helpers/claim"
	"gotest.tools/v3/assert"
)

// The page of answers names claims and files that exist. `make docs` adds the
// claims that it does not name, see internal/pages.
func TestAnswersNameClaims(t *testing.T) {
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
	// named matches a claim's id as the page writes it. Other words with a slash,
	// such as docker/dockerfile, don't begin with a chapter.
	named = regexp.MustCompile("`((?:builders|drivers|processor|ffmpeg|caching|output|buildkit|frontend|images|shape|cleanup)/[^`\\s]+)`")
)

// faultsOfAnswers lists the claims that the page names but that don't exist.
func faultsOfAnswers(page string, all []claim.Listed) []string {
	var faults []string
	for _, match := range named.FindAllStringSubmatch(page, -1) {
		if !slices.ContainsFunc(all, func(c claim.Listed) bool { return c.ID == match[1] }) {
			faults = append(faults, fmt.Sprintf("there is no claim `%s`", match[1]))
		}
	}
	return faults
}

func TestFaultsOfAnswersAreFound(t *testing.T) {
	all := []claim.Listed{{Claim: claim.Claim{ID: "images/one", Text: "One"}}, {Claim: claim.Claim{ID: "images/dive-0.12", Text: "Two"}}}
	for page, want := range map[string][]string{
		"`images/one`, `images/dive-0.12`, `docker/dockerfile:1`, images/three": nil,
		"`images/one`,\n`images/dive-0.12` `images/on`":                         {"there is no claim `images/on`"},
	} {
		assert.DeepEqual(t, faultsOfAnswers(page, all), want)
	}
}
