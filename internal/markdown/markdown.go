// Package markdown writes runs as a page for GitHub's job summaries: the
// verdict first, then what is not green, then what was tested on what.
package markdown

import (
	"fmt"
	"io"
	"strings"

	"builders.test/helpers/spec"
	"builders.test/internal/compare"
	"builders.test/internal/dossier"
	"builders.test/internal/matrix"
	"builders.test/internal/report"
)

// Write writes a dossier. What it writes stays well below the size that GitHub
// takes, 1 MiB per step: tables end early and say so.
func Write(w io.Writer, d dossier.Dossier) error {
	p := &page{}
	headline := d.Headline()
	p.line("### %s %s", report.Mark(headline.Verdict), plain(headline.Text))
	for _, line := range d.Outside() {
		p.paragraph("%s %s", report.Mark(spec.Error), plain(line))
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

// check shows one run.
func (p *page) check(r report.Report) {
	p.paragraph("%s · %s", r.Summary, plain(report.Describe(r.Subject)))
	var rows [][]string
	for _, verdict := range worstFirst {
		for _, claim := range r.Claims {
			if claim.Verdict == verdict {
				rows = append(rows, []string{verdictCell(verdict), claimCell(claim.ID, claim.Text), why(&claim)})
			}
		}
	}
	p.table([]string{"verdict", "claim", "why"}, rows)
}

// comparison shows the differences, class by class.
func (p *page) comparison(d dossier.Dossier) {
	count := d.Comparison.Count()
	var counts []string
	for _, class := range compare.Classes() {
		if count[class] > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", count[class], class))
		}
	}
	p.paragraph("%s", strings.Join(counts, ", "))
	var rows [][]string
	for _, class := range compare.Classes() {
		for _, change := range d.Comparison.Changes {
			if change.Class == class && class != compare.Same {
				rows = append(rows, []string{string(class), claimCell(change.ID, change.Text), sideCell(change.Baseline), sideCell(change.Candidate)})
			}
		}
	}
	before, after := plain(d.Table.Columns[0].Label), plain(d.Table.Columns[1].Label)
	p.table([]string{"change", "claim", before, after}, rows)
	p.shapes(d.Comparison.Shapes, before, after)
}

// shapes are facts that differ; long lists are folded away.
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
	for _, verdict := range worstFirst {
		for _, row := range t.Rows {
			if row.Verdict() == verdict {
				rows = append(rows, matrixRow(t, row))
			}
		}
	}
	p.table(append(head, "last good → first bad"), rows)
}

func matrixRow(t matrix.Table, row matrix.Row) []string {
	cells := []string{claimCell(row.ID, row.Text)}
	for _, cell := range row.Cells {
		cells = append(cells, sideCell(cell))
	}
	var turns []string
	for _, turn := range row.Turns {
		lastGood := "none"
		if turn.LastGood != matrix.None {
			lastGood = plain(t.Columns[turn.LastGood].Short)
		}
		turns = append(turns, lastGood+" → "+plain(t.Columns[turn.FirstBad].Short))
	}
	return append(cells, strings.Join(turns, "<br>"))
}

// chapters counts the verdicts of each chapter.
func (p *page) chapters(t matrix.Table) {
	var rows [][]string
	var verdicts []report.Claim
	for i, row := range t.Rows {
		verdicts = append(verdicts, report.Claim{Verdict: row.Verdict()})
		if i+1 < len(t.Rows) && t.Rows[i+1].Chapter == row.Chapter {
			continue
		}
		s := report.Count(verdicts)
		rows = append(rows, []string{plain(row.Chapter), fmt.Sprint(s.Holds), fmt.Sprint(s.Broken), fmt.Sprint(s.Error), fmt.Sprint(s.NotApplicable)})
		verdicts = nil
	}
	p.folded("Chapters", func() {
		p.table([]string{"chapter", "hold", "broken", "error", "not applicable"}, rows)
	})
}

// about says what was tested on what.
func (p *page) about(d dossier.Dossier) {
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

// worstFirst are the verdicts that need a look.
var worstFirst = []spec.Verdict{spec.Broken, spec.Error, spec.NotApplicable}

func verdictCell(v spec.Verdict) string { return report.Mark(v) + " " + report.Word(v) }

func claimCell(id, text string) string { return "**" + plain(id) + "**<br>" + sentence(text) }

// why is the reason, and for what failed the command that tries again.
func why(claim *report.Claim) string {
	reason := plain(claim.Reason)
	if claim.Repro != "" && claim.Verdict > spec.NotApplicable {
		reason += "<br>" + code(claim.Repro)
	}
	return reason
}

// sideCell is what became of a claim in one run, which may not have it.
func sideCell(claim *report.Claim) string {
	if claim == nil {
		return "not in this run"
	}
	cell := verdictCell(claim.Verdict)
	if claim.Verdict == spec.Holds {
		return cell
	}
	return cell + "<br>" + why(claim)
}
