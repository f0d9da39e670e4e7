package page

import (
	"fmt"

	"builders.test/internal/compare"
	"builders.test/internal/report"
	"builders.test/internal/results"
)

// arrange puts the claims that need a look first and the others by chapter.
func arrange(d results.Set, claims []claimView) (first, rest []group) {
	if d.Comparison != nil {
		first = changed(d, claims)
	} else {
		first = failed(d, claims)
	}
	above := map[string]bool{}
	for _, g := range first {
		for _, c := range g.Claims {
			above[c.ID] = true
		}
	}
	return opened(first), chapters(d, claims, above)
}

// failed groups what is broken, what could not be put to the test, what failed
// and held, and what is known.
func failed(d results.Set, claims []claimView) []group {
	broken := group{Title: "Broken", Note: "BuildKit or buildx did the wrong thing"}
	unknown := group{Title: "Error", Note: "the environment failed, so nothing is known"}
	unsteady := group{Title: "Unsteady", Note: "failed and then held when it was asked again: not to be relied on"}
	known := group{Title: "Known faults", Quiet: true}
	mended := group{Title: "Fixed here", Note: "holds although the release is known to break it"}
	for _, c := range claims {
		switch {
		case c.standing == report.Broken:
			broken.Claims = append(broken.Claims, c)
		case c.standing == report.Error:
			unknown.Claims = append(unknown.Claims, c)
		case c.standing == report.Unsteady:
			unsteady.Claims = append(unsteady.Claims, c)
		case c.standing == report.Known:
			known.Claims = append(known.Claims, c)
		case c.fixedHere:
			mended.Claims = append(mended.Claims, c)
		}
	}
	known.Note = "known of the release, so no news: " + claimsInWords(len(known.Claims))
	groups := filled(broken, unknown, unsteady, known, mended)
	for i := range groups {
		groups[i].Columns = d.Table.Columns
	}
	return groups
}

// notes say what the classes of a comparison mean.
var notes = map[compare.Class]string{
	compare.Regressed:     "fails now, more often than before and not by chance",
	compare.Undecided:     "differs, and was asked too few times to tell that from chance",
	compare.Environment:   "not put to the test on both sides, so nothing can be said",
	compare.NewlyUnsteady: "never failed before and fails sometimes now, which may be chance",
	compare.Unsteady:      "fails sometimes, not more often than before",
	compare.Lost:          "no longer applies",
	compare.BothBroken:    "broken before and now",
	compare.Fixed:         "was broken and holds now",
	compare.Gained:        "did not apply before",
}

// changed groups what differs between the baseline and the candidate.
func changed(d results.Set, claims []claimView) []group {
	var groups []group
	for _, class := range compare.Classes() {
		if class == compare.Same {
			continue
		}
		g := group{Title: title(string(class)), Note: notes[class], Columns: d.Table.Columns}
		for _, c := range claims {
			if c.Class == string(class) {
				g.Claims = append(g.Claims, c)
			}
		}
		groups = append(groups, filled(g)...)
	}
	return groups
}

// title begins with a capital; classes are ASCII.
func title(s string) string { return string(s[0]-'a'+'A') + s[1:] }

func filled(groups ...group) []group {
	var kept []group
	for _, g := range groups {
		if len(g.Claims) > 0 {
			kept = append(kept, g)
		}
	}
	return kept
}

// openAtOnce is how many claims of a group are opened at first: more of them
// would hide each other.
const openAtOnce = 6

// opened opens the claims that failed and are news, if they are few.
func opened(groups []group) []group {
	for _, g := range groups {
		for i := range g.Claims {
			g.Claims[i].Open = !g.Quiet && g.Claims[i].latest >= report.Known && len(g.Claims) <= openAtOnce
		}
	}
	return groups
}

// chapters has every chapter with the claims that do not stand above.
func chapters(d results.Set, claims []claimView, above map[string]bool) []group {
	var groups []group
	var standings []report.Standing
	for i, c := range claims {
		if i == 0 || claims[i-1].Chapter != c.Chapter {
			groups = append(groups, group{Title: c.Chapter, Columns: d.Table.Columns})
			standings = nil
		}
		g := &groups[len(groups)-1]
		standings = append(standings, c.standing)
		g.Counts = present(verdictCounts(report.Tally(standings)))
		g.Note = claimsInWords(len(standings))
		if above[c.ID] {
			g.Elsewhere++
			continue
		}
		g.Claims = append(g.Claims, c)
	}
	return groups
}

func claimsInWords(n int) string {
	if n == 1 {
		return "1 claim"
	}
	return fmt.Sprintf("%d claims", n)
}

// present leaves out what does not occur.
func present(counts []count) []count {
	var kept []count
	for _, c := range counts {
		if c.N > 0 {
			kept = append(kept, c)
		}
	}
	return kept
}
