package page

import (
	"slices"

	"builders.test/internal/compare"
	"builders.test/internal/report"
	"builders.test/internal/results"
	"builders.test/internal/text"
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

// failed groups what is broken, what could not be tested, what failed
// and held, and what is known.
func failed(d results.Set, claims []claimView) []group {
	broken, unknown := "BuildKit or buildx did the wrong thing", "the environment failed, so nothing is known"
	if slices.ContainsFunc(claims, func(c claimView) bool { return c.ofScript }) {
		broken, unknown = "BuildKit, buildx or the project did the wrong thing", "the environment failed or the script has a mistake, so nothing is known"
	}
	groups := map[report.Standing]*group{
		report.Broken:   {Title: "Broken", Note: broken},
		report.Error:    {Title: "Error", Note: unknown},
		report.Unsteady: {Title: "Unsteady", Note: "failed and then held on another try: do not rely on it"},
		report.Known:    {Title: "Known faults", Quiet: true},
		report.Holds:    {Title: "Fixed here", Note: "holds although the release is known to break it"},
	}
	for _, c := range claims {
		if g := groups[c.standing]; g != nil && (c.standing != report.Holds || c.fixedHere) {
			g.Claims = append(g.Claims, c)
		}
	}
	known := groups[report.Known]
	known.Note = "known for the release, so not news: " + text.Count(len(known.Claims), "claim")
	var filled []group
	for _, standing := range report.Standings() {
		if g := groups[standing]; g != nil && len(g.Claims) > 0 {
			g.Columns = d.Table.Columns
			filled = append(filled, *g)
		}
	}
	return filled
}

// notes say what the classes of a comparison mean.
var notes = map[compare.Class]string{
	compare.Regressed:     "fails now, more often than before and not by chance",
	compare.Undecided:     "differs, but was tried too few times to rule out chance",
	compare.Environment:   "not tested on both sides, so nothing is known",
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
		if len(g.Claims) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// title begins with a capital; classes are ASCII.
func title(s string) string { return string(s[0]-'a'+'A') + s[1:] }

// openAtOnce is how many claims of a group are open at first: more of them would
// hide each other.
const openAtOnce = 6

// opened opens the claims with unexpected failures, if they are few.
func opened(groups []group) []group {
	for _, g := range groups {
		for i := range g.Claims {
			g.Claims[i].Open = !g.Quiet && g.Claims[i].latest >= report.Known && len(g.Claims) <= openAtOnce
		}
	}
	return groups
}

// chapters has every chapter with the claims that are not shown above.
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
		g.Counts = occurring(report.Tally(standings))
		g.Note = text.Count(len(standings), "claim")
		if above[c.ID] {
			g.Elsewhere++
			continue
		}
		g.Claims = append(g.Claims, c)
	}
	return groups
}
