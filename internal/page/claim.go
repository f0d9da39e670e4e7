package page

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"builders.test/helpers/spec"
	"builders.test/internal/dossier"
	"builders.test/internal/matrix"
	"builders.test/internal/report"
	"builders.test/internal/text"
)

// claimView is one claim in every run.
type claimView struct {
	ID, Chapter string
	Text        []span
	// Verdict is that of the row. Verdicts are all that occur, for the filter.
	Verdict, Word, Mark, Verdicts string
	// Class is what became of it in a comparison, or empty.
	Class string
	// Seconds is how long the proof took; empty for several runs.
	Seconds string
	Open    bool
	Cells   []cellView
	Facts   []factView
	// Turns say where it stopped holding.
	Turns []string

	verdict, latest spec.Verdict
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
	// On is what the claim was proven on.
	On, Test, StandIns, Repro string
	// Evidence is the folder, Base the way to the run's folder, Href the whole
	// way, and Inside says what the page itself shows of it.
	Evidence, Base, Href, Inside string
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

func newClaims(d dossier.Dossier, all exhibits, folder string) []claimView {
	bases := bases(d, folder)
	changes := d.Changes()
	claims := make([]claimView, 0, len(d.Table.Rows))
	for _, row := range d.Table.Rows {
		verdict := row.Verdict()
		c := claimView{
			ID: text.Line(row.ID), Chapter: text.Line(row.Chapter), Text: spans(row.Text),
			Verdict: verdict.String(), Word: report.Word(verdict), Mark: report.Mark(verdict),
			Class: string(changes[row.ID]), Facts: facts(row), Turns: turns(d.Table, row), verdict: verdict,
		}
		var verdicts []string
		for column, claim := range row.Cells {
			cell := cellView{Column: column, Label: text.Line(d.Table.Columns[column].Label), Short: text.Line(d.Table.Columns[column].Short)}
			if claim != nil {
				cell.fill(*claim, all.at(row.ID, column), bases[column])
				verdicts = append(verdicts, cell.Verdict)
				c.latest = claim.Verdict
			}
			c.Cells = append(c.Cells, cell)
		}
		c.Verdicts = strings.Join(slices.Compact(slices.Sorted(slices.Values(verdicts))), " ")
		if len(c.Cells) == 1 {
			c.Seconds = c.Cells[0].Seconds
		}
		claims = append(claims, c)
	}
	return claims
}

func (c *cellView) fill(claim report.Claim, e *exhibit, base string) {
	c.Present = true
	c.Verdict, c.Word, c.Mark = claim.Verdict.String(), report.Word(claim.Verdict), report.Mark(claim.Verdict)
	c.Reason = text.Line(claim.Reason)
	c.Seconds = fmt.Sprintf("%.1f s", claim.Seconds)
	c.On = provenOn(claim)
	c.Test, c.Repro = text.Line(claim.Test), text.Line(claim.Repro)
	c.StandIns = text.Line(strings.Join(claim.StandIns, ", "))
	c.Evidence = text.Line(claim.Evidence)
	if e == nil {
		return
	}
	c.Base, c.Href = base, link(base, claim.Evidence)
	c.Inside = inside(*e)
	if claim.Verdict > spec.NotApplicable {
		c.quoteFailure(*e)
	}
}

// failureRoom is how much of a failure's text a page shows without a script.
var failureRoom = limit{head: 1500, tail: 1500}

func (c *cellView) quoteFailure(e exhibit) {
	for _, note := range e.notes {
		if !strings.HasSuffix(note.path, "/failure.txt") {
			continue
		}
		kept := note.keep(failureRoom)
		c.Failure = dedent(afterReason(kept.head))
		c.FailureRest, c.FailureGap = dedent(kept.tail), kept.gap
	}
}

// afterReason leaves out the first paragraph of a failure, which the report
// has as the claim's reason.
func afterReason(failure string) string {
	reason, rest, found := strings.Cut(failure, "\n\n")
	if !found || strings.TrimSpace(rest) == strings.TrimSpace(reason) {
		return ""
	}
	return rest
}

// dedent takes away the blanks that all lines begin with.
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

func provenOn(claim report.Claim) string {
	var parts []string
	for _, part := range []string{"BuildKit " + claim.BuildKit, claim.Driver + " driver", claim.Store + " store"} {
		if !strings.HasPrefix(part, " ") && !strings.HasSuffix(part, " ") {
			parts = append(parts, part)
		}
	}
	return text.Line(strings.Join(parts, ", "))
}

// inside says how much there is to unfold.
func inside(e exhibit) string {
	builds, seconds := 0, 0.0
	for _, c := range e.commands {
		seconds += c.Seconds
		if len(c.vertices) > 0 {
			builds++
		}
	}
	said := fmt.Sprintf("%d commands", len(e.commands))
	if len(e.commands) == 1 {
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

// bases are the ways from the page's folder to those of the runs, as a URL
// that ends in a slash; empty where there is none.
func bases(d dossier.Dossier, folder string) []string {
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
	for column, claim := range row.Cells {
		if claim == nil {
			continue
		}
		for _, fact := range claim.Facts {
			i, known := at[fact.Name]
			if !known {
				i = len(all)
				at[fact.Name] = i
				all = append(all, factView{Name: text.Line(fact.Name), Values: make([]string, len(row.Cells))})
			}
			all[i].Values[column] = text.Line(fact.Value)
		}
	}
	for i, fact := range all {
		all[i].Differs = slices.ContainsFunc(fact.Values, func(v string) bool { return v != fact.Values[0] })
	}
	return all
}

// turns say where a claim stopped holding.
func turns(t matrix.Table, row matrix.Row) []string {
	var said []string
	for _, turn := range row.Turns {
		bad := text.Line(t.Columns[turn.FirstBad].Label)
		if turn.LastGood == matrix.None {
			said = append(said, fmt.Sprintf("broken from %s on, with no run before that in which it held", bad))
			continue
		}
		said = append(said, fmt.Sprintf("last good %s, first bad %s", text.Line(t.Columns[turn.LastGood].Label), bad))
	}
	return said
}
