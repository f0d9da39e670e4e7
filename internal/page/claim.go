package page

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/internal/matrix"
	"builders.test/internal/report"
	"builders.test/internal/report/snippet"
	"builders.test/internal/results"
)

// claimView is one claim in every run.
type claimView struct {
	ID, Chapter string
	Text        []span
	// Verdict is the row's verdict. Verdicts are all that occur, for the filter.
	Verdict, Word, Mark, Verdicts string
	// Class is what became of it in a comparison, or empty.
	Class string
	// Test is the name of its spec.
	Test string
	// Seconds is how long the first try took; empty for several runs. Failed says how
	// many of how many tries failed: "1 of 4".
	Seconds, Failed string
	Open            bool
	Cells           []cellView
	Facts           []factView
	// Source is where the claim comes from, and Link leads there if it is on
	// the web. History says since when it is true.
	Source, Link, History string
	// Turns say in which versions it is broken or, in a comparison, how often it failed.
	Turns []string

	standing, latest report.Standing
	// fixedHere reports whether it holds although it is known to be broken.
	fixedHere bool
	// ofScript reports whether it is a claim about a user's own project.
	ofScript bool
}

// cellView is one claim in one run.
type cellView struct {
	Column int
	// Label and Short name the run.
	Label, Short        string
	Present             bool
	Verdict, Word, Mark string
	Reason              string
	Seconds             string
	// Count says how often it failed, Known which fault is known, and FixedHere
	// which known fault is not there.
	Count, Known, FixedHere string
	// Tries are shown with their evidence in place of the cell's; empty if the claim
	// was tried once.
	Tries []tryView
	// On is what the claim was proven on, if that is special.
	On, StandIns, Repro string
	evidenceView
}

// evidenceView is the evidence of one try.
type evidenceView struct {
	// Try is its position among the claim's tries.
	Try int
	// Evidence is the folder, Href leads to it, and Inside says what the page
	// itself shows of it.
	Evidence, Href, Inside string
	// Failure is what the spec said when it failed, with so many bytes left
	// out in the middle.
	Failure, FailureRest string
	FailureGap           int64
}

// factView is a fact in every run.
type factView struct {
	Name    string
	Values  []string
	Differs bool
}

// fullCells is up to how many runs a page shows everything about each. With more,
// what holds is shown without its folder and the command that repeats it, which
// would be most of the page and differ only in the run.
const fullCells = 6

// newClaims makes the view of every claim; bases lead to the folders of the runs.
func newClaims(d results.Set, all gathered, bases []string) []claimView {
	changes := d.Changes()
	claims := make([]claimView, 0, len(d.Table.Rows))
	for _, row := range d.Table.Rows {
		standing := row.Standing()
		c := claimView{
			ID: row.ID, Chapter: row.Chapter, Text: spans(row.Text),
			Verdict: standing.String(), Word: standing.Word(), Mark: standing.Mark(),
			Class: string(changes[row.ID].Class), Facts: facts(row), standing: standing, fixedHere: row.FixedHere(),
		}
		if d.Comparison == nil {
			c.Turns = broken(d.Table, row)
		} else if change := changes[row.ID]; change.String() != string(change.Class) {
			c.Turns = []string{change.String()}
		}
		var verdicts []string
		for column, one := range row.Cells {
			cell := cellView{Column: column, Label: d.Table.Columns[column].Label, Short: d.Table.Columns[column].Short}
			if one != nil {
				cell.fill(*one, d.Runs[column].Report.Subject)
				cell.show(all.at(row.ID, column), *one, bases[column])
				if len(row.Cells) > fullCells && one.Verdict == claim.Holds {
					cell.Repro, cell.Evidence = "", ""
				}
				verdicts = append(verdicts, cell.Verdict)
				c.latest, c.Test = one.Standing(), one.Test
				c.ofScript = strings.Contains(one.Repro, "SPECS=")
				c.cite(*one)
			}
			c.Cells = append(c.Cells, cell)
		}
		c.Verdicts = strings.Join(slices.Compact(slices.Sorted(slices.Values(verdicts))), " ")
		if len(c.Cells) == 1 {
			c.Seconds, c.Failed = c.Cells[0].Seconds, failedOf(row.Cells[0])
		}
		claims = append(claims, c)
	}
	return claims
}

// cite adds what is known about the claim itself.
func (c *claimView) cite(one report.Claim) {
	c.Source, c.History = one.Source, one.History
	if strings.HasPrefix(c.Source, "https://") {
		c.Link = c.Source
	}
}

// fill copies what the report of a run says about the claim.
func (c *cellView) fill(one report.Claim, subject report.Subject) {
	c.Present = true
	c.Verdict, c.Word, c.Mark = one.Standing().String(), one.Word(), one.Mark()
	c.Reason = one.Reason
	c.Count, c.Known, c.FixedHere = one.Count(), one.Known, one.FixedHere
	c.Seconds = fmt.Sprintf("%.1f s", one.Seconds)
	c.On = provenOn(one, subject)
	c.Repro = one.Repro
	c.StandIns = strings.Join(one.StandIns, ", ")
	c.Evidence = one.Evidence
}

// show adds what there is of its evidence, which is below base. A claim that was
// tried several times shows each try.
func (c *cellView) show(e *snippet.Evidence, one report.Claim, base string) {
	if len(one.Tries) > 1 {
		c.Tries = tries(e, one, base)
		c.Evidence = ""
		return
	}
	c.evidenceView.show(e, one.Verdict, base, failureRoom)
}

// show adds what there is of a try's evidence.
func (v *evidenceView) show(e *snippet.Evidence, verdict claim.Verdict, base string, room snippet.Limit) {
	if e == nil || e.Empty() {
		return
	}
	v.Href = link(base, v.Evidence)
	v.Inside = inside(*e)
	if verdict > claim.NotApplicable {
		kept := e.Failure.Keep(room)
		v.Failure = dedent(afterReason(kept.Head))
		v.FailureRest, v.FailureGap = dedent(kept.Tail), kept.Gap
	}
}

// failureRoom is how much of a failure's text a page shows without a script.
var failureRoom = snippet.Limit{Head: 2500, Tail: 2500}

// afterReason leaves out the first paragraph of a failure, which the report
// has as the claim's reason.
func afterReason(failure string) string {
	reason, rest, found := strings.Cut(failure, "\n\n")
	if !found || strings.TrimSpace(rest) == strings.TrimSpace(reason) {
		return ""
	}
	return rest
}

// dedent removes the spaces that all lines begin with.
func dedent(s string) string {
	lines := strings.Split(strings.Trim(s, "\n"), "\n")
	least := len(s)
	for _, line := range lines {
		if blanks := len(line) - len(strings.TrimLeft(line, " \t")); blanks < len(line) {
			least = min(least, blanks)
		}
	}
	for i, line := range lines {
		lines[i] = line[min(least, len(line)):]
	}
	return strings.TrimRight(strings.Join(lines, "\n"), " \n")
}

// provenOn says what a claim was proven on if that is not what the run as a whole
// is about.
func provenOn(one report.Claim, subject report.Subject) string {
	var parts []string
	for _, part := range []struct{ phrase, value, usual string }{
		{"BuildKit %s", one.BuildKit, subject.BuildKit.Version},
		{"%s driver", one.Driver, subject.Driver},
		{"%s store", one.Store, subject.Engine.Store},
	} {
		if part.value != "" && part.value != part.usual {
			parts = append(parts, fmt.Sprintf(part.phrase, part.value))
		}
	}
	return strings.Join(parts, ", ")
}

// inside says how much there is to unfold.
func inside(e snippet.Evidence) string {
	builds, seconds := 0, 0.0
	for _, c := range e.Commands {
		seconds += c.Seconds
		if len(c.Steps) > 0 {
			builds++
		}
	}
	said := fmt.Sprintf("%d commands", len(e.Commands))
	if len(e.Commands) == 1 {
		said = "1 command"
	}
	switch builds {
	case 0:
	case 1:
		said += ", 1 build"
	default:
		said += fmt.Sprintf(", %d builds", builds)
	}
	return fmt.Sprintf("%s, %.1f s", said, seconds)
}

// bases returns the paths from the page's folder to those of the runs, as URLs
// that end in a slash; empty if there is none.
func bases(d results.Set, folder string) []string {
	var all []string
	for _, run := range d.Runs {
		all = append(all, base(folder, run.Dir))
	}
	return all
}

func base(from, to string) string {
	from, first := filepath.Abs(from)
	to, second := filepath.Abs(to)
	way, third := filepath.Rel(from, to)
	if first != nil || second != nil || third != nil {
		return ""
	}
	return (&url.URL{Path: "./" + filepath.ToSlash(way) + "/"}).EscapedPath()
}

// link leads to a path in the folder of a run, or nowhere.
func link(base, path string) string {
	if base == "" {
		return ""
	}
	return base + (&url.URL{Path: path}).EscapedPath() + "/"
}

// facts sets the facts of all runs side by side.
func facts(row matrix.Row) []factView {
	var all []factView
	at := map[string]int{}
	for column, one := range row.Cells {
		if one == nil {
			continue
		}
		for _, fact := range one.Facts {
			i, known := at[fact.Name]
			if !known {
				i = len(all)
				at[fact.Name] = i
				all = append(all, factView{Name: fact.Name, Values: make([]string, len(row.Cells))})
			}
			all[i].Values[column] = fact.Value
		}
	}
	for i, fact := range all {
		all[i].Differs = slices.ContainsFunc(fact.Values, func(v string) bool { return v != fact.Values[0] })
	}
	return all
}

// broken says in which versions a claim is broken.
func broken(t matrix.Table, row matrix.Row) []string {
	var said []string
	for _, r := range row.Ranges {
		said = append(said, t.Words(r))
	}
	return said
}
