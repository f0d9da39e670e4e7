package page

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/internal/compare"
	"builders.test/internal/matrix"
	"builders.test/internal/report"
	"builders.test/internal/results"
)

// view is everything that the template shows.
type view struct {
	Policy   string
	Style    template.CSS
	Script   template.JS
	Icon     template.URL
	Headline string
	// Tone is the headline's verdict; every verdict is a class of the style.
	Tone, Mark string
	Columns    []matrix.Column
	// Many reports whether there are several columns.
	Many bool
	// Counts are of the rows' verdicts, Changes of the classes of a comparison.
	Counts, Changes []count
	// Filters count the claims that have a verdict in some column.
	Filters  []count
	Chapters []string
	// Differing is what is known about the runs and tells them apart, Common
	// what is the same in all of them.
	Differing, Common []results.Attribute
	// Groups need a look and come first; Rest is everything else.
	Groups []group
	Rest   []group
	// RunErrors says what went wrong with the runs themselves.
	RunErrors []string
	Shapes    []compare.Shape
	// Courses are the timelines of the runs, if they are few and known.
	Courses []courseView
	// Evidence is an [archive], compressed, and Bases the paths to the runs' folders
	// as JSON; LeftOut reports whether it did not fit.
	Evidence, Bases string
	LeftOut         bool
}

// count is how many claims have a verdict, or a class of change.
type count struct {
	Key, Word, Mark string
	N               int
}

// group is a list of claims under a title.
type group struct {
	Title, Note string
	// Counts sums up a chapter; empty if the title says it all.
	Counts  []count
	Columns []matrix.Column
	Claims  []claimView
	// Elsewhere counts the claims of the chapter that are in a group above.
	Elsewhere int
	// Quiet reports whether the group is folded at first: it is not news.
	Quiet bool
}

// newView looks at the runs from the folder that the page will be in.
func newView(d results.Set, all gathered, folder string) view {
	headline := d.Headline()
	styles := style
	v := view{
		Policy: policy(styles, script), Style: template.CSS(styles), Script: template.JS(script),
		Icon: icon(headline.Verdict), Headline: headline.Text,
		Tone: headline.Verdict.String(), Mark: report.Mark(headline.Verdict),
		Columns: d.Table.Columns, Many: len(d.Runs) > 1,
		Counts: verdictCounts(d.Table.Count()), Filters: occurrences(d.Table),
	}
	for _, attribute := range about(d, all) {
		if attribute.Differs {
			v.Differing = append(v.Differing, attribute)
		} else {
			v.Common = append(v.Common, attribute)
		}
	}
	ways := bases(d, folder)
	v.Bases = encode(ways)
	claims := newClaims(d, all, ways)
	v.Groups, v.Rest = arrange(d, claims)
	v.RunErrors = d.RunErrors()
	v.Courses = courses(d)
	for _, chapter := range v.Rest {
		v.Chapters = append(v.Chapters, chapter.Title)
	}
	if d.Comparison != nil {
		v.Changes = changeCounts(*d.Comparison)
		v.Shapes = d.Comparison.Shapes
	}
	return v
}

// encode writes texts as a JSON array.
func encode(texts []string) string {
	encoded, err := json.Marshal(texts)
	if err != nil {
		panic(err) // impossible for strings
	}
	return string(encoded)
}

// about adds when the runs began, which is known from their evidence.
func about(d results.Set, all gathered) []results.Attribute {
	known := d.About()
	when := results.Attribute{Name: "Began"}
	found := false
	for column := range d.Runs {
		began := all.began(column)
		if began.IsZero() {
			when.Values = append(when.Values, "")
			continue
		}
		found = true
		when.Values = append(when.Values, began.UTC().Format("2006-01-02 15:04 UTC"))
	}
	if found {
		when.Differs = len(d.Runs) > 1
		known = append(known, when)
	}
	return known
}

// verdictCounts are in the order in which people ask for them. Rare ones are left
// out if there are none.
func verdictCounts(s report.Summary) []count {
	var counts []count
	for _, standing := range report.Standings() {
		n := s.Of(standing)
		if n == 0 && standing.Rare() {
			continue
		}
		counts = append(counts, count{Key: standing.String(), Word: standing.Word(), Mark: standing.Mark(), N: n})
	}
	return counts
}

// occurring returns the counts of what occurs at all.
func occurring(s report.Summary) []count {
	return slices.DeleteFunc(verdictCounts(s), func(c count) bool { return c.N == 0 })
}

// occurrences counts, for each standing, the claims that have it in some column.
func occurrences(t matrix.Table) []count {
	var all []report.Standing
	for _, row := range t.Rows {
		seen := map[report.Standing]bool{}
		for _, cell := range row.Cells {
			if cell != nil && !seen[cell.Standing()] {
				seen[cell.Standing()] = true
				all = append(all, cell.Standing())
			}
		}
	}
	return occurring(report.Tally(all))
}

func changeCounts(c compare.Comparison) []count {
	numbers := c.Count()
	var counts []count
	for _, class := range compare.Classes() {
		if numbers[class] > 0 {
			counts = append(counts, count{Key: string(class), Word: string(class), N: numbers[class]})
		}
	}
	return counts
}

// icon returns what a browser's tab shows: a dot in the verdict's color.
func icon(v claim.Verdict) template.URL {
	colour := map[claim.Verdict]string{claim.Holds: "#1f8a4c", claim.Broken: "#d3352b", claim.Unsteady: "#8b3aa8"}[v]
	if colour == "" {
		colour = "#b26b00"
	}
	svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="%s"/></svg>`, colour)
	return template.URL("data:image/svg+xml," + url.PathEscape(svg))
}

// span is a piece of a sentence: prose or code.
type span struct {
	Code bool
	Text string
}

// spans splits a sentence at backticks that come in pairs.
func spans(s string) []span {
	pieces := strings.Split(s, "`")
	if len(pieces)%2 == 0 {
		return []span{{Text: s}}
	}
	var all []span
	for i, piece := range pieces {
		if piece != "" {
			all = append(all, span{Code: i%2 == 1, Text: piece})
		}
	}
	return all
}
