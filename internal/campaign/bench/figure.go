package bench

import (
	"fmt"
	"slices"
	"strings"
)

// Figure is something to be measured: a command, made several times.
type Figure struct {
	Name, About string
	// Args are the command's, without its folder.
	Args []string
	// Releases are the BuildKits that it needs, and Claims how many it tests; 0 means
	// all of the book.
	Releases []string
	Claims   int
	// OnlyNow says that trees from before cannot make it.
	OnlyNow bool
}

// The figures that goals and growth are about.
const (
	Whole      = "whole"
	One        = "arch"
	AChapter   = "chapter"
	Pair       = "pair"
	Compare    = "compare"
	Sequential = "sequential"
)

// growing are the releases, the first of which are tested together.
var growing = []string{"v0.34.2", "v0.11.5", "v0.25.2", "v0.16.0", "v0.30.0", "v0.20.2", "v0.13.2", "v0.12.5"}

// Steps of growth: how many releases, and how many claims.
var (
	releaseSteps = []int{1, 2, 4, 8}
	claimSteps   = []int{50, 100}
)

// ofReleases and ofClaims name the figures of growth.
func ofReleases(n int) string { return fmt.Sprintf("releases-%d", n) }
func ofClaims(n int) string   { return fmt.Sprintf("claims-%d", n) }

// Figures are all that can be measured on a release, for a book with the given claims.
func Figures(release string, ids []string) []Figure {
	check := func(more ...string) []string { return append([]string{"check", "--buildkit", release}, more...) }
	book := strings.Join(chaptersOf(ids), ",")
	all := []Figure{
		{Name: Whole, About: "`make check`, all claims", Args: check(), Releases: []string{release}},
		{Name: One, About: "`RUN=builders/arch`", Args: check("--run", "builders/arch"), Releases: []string{release}, Claims: 1},
		{Name: AChapter, About: "`RUN=builders`", Args: check("--run", "builders"), Releases: []string{release}},
		{Name: Sequential, About: "all claims, one at a time", Args: check("--parallel", "1", "--confirm", "0"), Releases: []string{release}, OnlyNow: true},
		{Name: Pair, About: "`make matrix` of two releases", Args: []string{"matrix", "--fresh", "--run", book, "--buildkit", strings.Join(pairOf(release), " ")}, Releases: pairOf(release)},
		{Name: Compare, About: "`make compare` of the same two", Args: []string{"compare", "--run", book, "--baseline", pairOf(release)[1], "--buildkit", release}, Releases: pairOf(release)},
	}
	for _, n := range claimSteps {
		some := spread(ids, n)
		all = append(all, Figure{Name: ofClaims(n), About: fmt.Sprintf("%d claims", len(some)), Args: check("--run", strings.Join(some, " ")), Releases: []string{release}, Claims: len(some)})
	}
	some := spread(ids, claimSteps[0])
	for _, n := range releaseSteps {
		all = append(all, Figure{
			Name: ofReleases(n), About: fmt.Sprintf("%d claims on %d releases", len(some), n), Claims: len(some), Releases: growing[:n],
			Args: []string{"matrix", "--fresh", "--run", strings.Join(some, " "), "--buildkit", strings.Join(growing[:n], " ")},
		})
	}
	return all
}

// pairOf is a release and another one that is as far away as it gets.
func pairOf(release string) []string {
	other := growing[1]
	if release == other {
		other = growing[0]
	}
	return []string{release, other}
}

// spread picks n claims evenly from all chapters.
func spread(ids []string, n int) []string {
	n = min(n, len(ids))
	some := make([]string, n)
	for i := range n {
		some[i] = ids[i*len(ids)/n]
	}
	return some
}

func chaptersOf(ids []string) []string {
	var all []string
	for _, id := range ids {
		chapter, _, _ := strings.Cut(id, "/")
		all = append(all, chapter)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Choose returns the figures with the given names; all of them if there are none.
func Choose(all []Figure, names string) ([]Figure, error) {
	wanted := strings.FieldsFunc(names, func(r rune) bool { return r == ' ' || r == ',' })
	if len(wanted) == 0 {
		return all, nil
	}
	var chosen []Figure
	var known []string
	for _, one := range all {
		known = append(known, one.Name)
		if slices.Contains(wanted, one.Name) {
			chosen = append(chosen, one)
		}
	}
	for _, name := range wanted {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("%s is not a figure; known are %s", name, strings.Join(known, ", "))
		}
	}
	return chosen, nil
}
