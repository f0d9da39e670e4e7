// Package markdown writes runs as a page for GitHub's job summaries: the
// verdict first, then what is not green, then what was tested on what.
package markdown

import (
	"fmt"
	"io"
	"strings"

	"builders.test/helpers/claim"
	"builders.test/internal/compare"
	"builders.test/internal/matrix"
	"builders.test/internal/report"
	"builders.test/internal/results"
)

// Write writes a set of runs. The output stays well below the 1 MiB per step that
// GitHub takes: tables end early and say so.
func Write(w io.Writer, d results.Set) error {
	p := &page{}
	headline := d.Headline()
	p.line("### %s %s", report.Mark(headline.Verdict), plain(headline.Text))
	for _, line := range d.RunErrors() {
		p.paragraph("%s %s", report.Mark(claim.Error), plain(line))
	}
	switch {
	case d.Comparison != nil:
		p.comparison(d)
	case len(d.Runs) > 1:
		p.matrix(d.Table)
	default:
		p.check(d.Runs[0].Report)
	}
	p.chapters(d.Table)
	p.about(d)
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("write Markdown: %w", err)
	}
	return nil
}

// check shows one run. Known faults of the release are folded away.
func (p *page) check(r report.Report) {
	p.paragraph("%s · %s", r.Summary, plain(report.Describe(r.Subject)))
	head := []string{"verdict", "claim", "why"}
	var rows, known [][]string
	for _, standing := range needLook {
		for _, claim := range r.Claims {
			if claim.Standing() != standing {
				continue
			}
			row := []string{verdictCell(&claim), claimCell(claim.ID, claim.Text), why(&claim)}
			if standing == report.Known {
				known = append(known, row)
			} else {
				rows = append(rows, row)
			}
		}
	}
	for _, claim := range r.Claims {
		if claim.FixedHere != "" {
			rows = append(rows, []string{verdictCell(&claim), claimCell(claim.ID, claim.Text), why(&claim)})
		}
	}
	p.table(head, rows)
	if len(known) > 0 {
		p.folded(fmt.Sprintf("Known faults: %d", len(known)), func() { p.table(head, known) })
	}
}

// comparison shows the differences, class by class.
func (p *page) comparison(d results.Set) {
	p.paragraph("%s", strings.Join(d.Comparison.InWords(), ", "))
	var rows [][]string
	for _, class := range compare.Classes() {
		for _, change := range d.Comparison.Changes {
			if change.Class == class && class != compare.Same {
				rows = append(rows, []string{change.String(), claimCell(change.ID, change.Text), sideCell(change.Baseline), sideCell(change.Candidate)})
			}
		}
	}
	before, after := plain(d.Table.Columns[0].Label), plain(d.Table.Columns[1].Label)
	p.table([]string{"change", "claim", before, after}, rows)
	p.shapes(d.Comparison.Shapes, before, after)
}

// shapes shows facts that differ; long lists are folded away.
func (p *page) shapes(shapes []compare.Shape, before, after string) {
	if len(shapes) == 0 {
		return
	}
	rows := make([][]string, 0, len(shapes))
	for _, s := range shapes {
		rows = append(rows, []string{code(s.Claim), plain(s.Name), code(s.Baseline), code(s.Candidate)})
	}
	p.folded(fmt.Sprintf("Facts that differ without breaking a claim: %d", len(shapes)), func() {
		p.table([]string{"claim", "fact", before, after}, rows)
	})
}

// matrix shows every claim that is not green everywhere.
func (p *page) matrix(t matrix.Table) {
	p.paragraph("%s", t.Count())
	head := []string{"claim"}
	for _, column := range t.Columns {
		head = append(head, plain(column.Label))
	}
	var rows [][]string
	for _, standing := range needLook {
		for _, row := range t.Rows {
			if row.Standing() == standing {
				rows = append(rows, matrixRow(t, row))
			}
		}
	}
	for _, row := range t.Rows {
		if row.Standing() == report.Holds && row.FixedHere() {
			rows = append(rows, matrixRow(t, row))
		}
	}
	p.table(append(head, "versions"), rows)
}

func matrixRow(t matrix.Table, row matrix.Row) []string {
	cells := []string{claimCell(row.ID, row.Text)}
	for _, cell := range row.Cells {
		cells = append(cells, sideCell(cell))
	}
	var words []string
	for _, r := range row.Ranges {
		words = append(words, plain(t.Words(r)))
	}
	return append(cells, strings.Join(words, "<br>"))
}

// chapters counts the verdicts of each chapter. A verdict that does not occur has
// no column.
func (p *page) chapters(t matrix.Table) {
	occurring := occurring(t.Count())
	head := []string{"chapter"}
	for _, standing := range occurring {
		head = append(head, columnHead(standing))
	}
	var rows [][]string
	var chapter []report.Standing
	for i, row := range t.Rows {
		chapter = append(chapter, row.Standing())
		if i+1 < len(t.Rows) && t.Rows[i+1].Chapter == row.Chapter {
			continue
		}
		sum := report.Tally(chapter)
		cells := []string{plain(row.Chapter)}
		for _, standing := range occurring {
			cells = append(cells, fmt.Sprint(sum.Of(standing)))
		}
		rows = append(rows, cells)
		chapter = nil
	}
	p.folded("Chapters", func() { p.table(head, rows) })
}

// occurring returns the standings that some claim has, in reading order; those
// that hold are always among them.
func occurring(s report.Summary) []report.Standing {
	all := []report.Standing{report.Holds}
	for _, standing := range []report.Standing{report.Broken, report.Known, report.Unsteady, report.Error, report.NotApplicable} {
		if s.Of(standing) > 0 {
			all = append(all, standing)
		}
	}
	return all
}

func columnHead(s report.Standing) string {
	if s == report.Holds {
		return "hold"
	}
	return s.Word()
}

// about says what was tested on what.
func (p *page) about(d results.Set) {
	head := []string{""}
	for _, column := range d.Table.Columns {
		head = append(head, plain(column.Label))
	}
	var rows [][]string
	for _, attribute := range d.About() {
		row := []string{attribute.Name}
		for _, value := range attribute.Values {
			row = append(row, plain(value))
		}
		rows = append(rows, row)
	}
	p.folded("What was tested on what", func() { p.table(head, rows) })
}

// needLook are the standings that a summary lists claim by claim.
var needLook = []report.Standing{report.Broken, report.Error, report.Unsteady, report.Known, report.NotApplicable}

func verdictCell(claim *report.Claim) string { return claim.Mark() + " " + claim.Word() }

func claimCell(id, text string) string { return "**" + plain(id) + "**<br>" + sentence(text) }

// why returns the reason and, for an unexpected failure, the command that tries again.
func why(claim *report.Claim) string {
	reason := plain(claim.Why())
	if claim.Repro != "" && claim.Standing() >= report.Unsteady {
		reason += "<br>" + code(claim.Repro)
	}
	return reason
}

// sideCell returns what became of a claim in one run, which may not have it.
func sideCell(claim *report.Claim) string {
	if claim == nil {
		return "not in this run"
	}
	cell := verdictCell(claim)
	if claim.Why() == "" {
		return cell
	}
	return cell + "<br>" + why(claim)
}
