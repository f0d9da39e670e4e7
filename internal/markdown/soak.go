package markdown

import (
	"fmt"
	"io"

	"builders.test/internal/report"
	"builders.test/internal/soak"
)

// WriteSoak writes the results of many runs: a row for each BuildKit, one for each
// claim that failed in some run, and what went wrong with the runs themselves.
func WriteSoak(w io.Writer, s soak.Soak) error {
	p := &page{}
	p.line("### %s %s", report.Mark(s.Worst()), plain(s.Headline()))
	var rows [][]string
	for i, column := range s.Columns {
		rows = append(rows, columnRow(s, i, column))
	}
	p.table([]string{"", "runs", "claims", "broken", "unsteady", "error", "seconds alone", "seconds, two at a time"}, rows)
	p.loudClaims(s)
	p.complaints(s)
	for _, column := range s.Columns {
		if column.Subject.BuildKit.Version != "" {
			p.paragraph("%s: %s", plain(column.Short), plain(report.Describe(column.Subject)))
		}
	}
	if _, err := io.WriteString(w, p.b.String()); err != nil {
		return fmt.Errorf("write Markdown: %w", err)
	}
	return nil
}

// columnRow counts the verdicts of a column over all its runs.
func columnRow(s soak.Soak, i int, column soak.Column) []string {
	claims := 0
	var sum soak.Tally
	for _, claim := range s.Claims {
		t := claim.Tallies[i]
		if t.Runs() > 0 {
			claims++
		}
		sum.Broken += t.Broken
		sum.Unsteady += t.Unsteady
		sum.Error += t.Error
	}
	runs := fmt.Sprint(len(column.Runs))
	if company := column.InCompany(); company > 0 {
		runs = fmt.Sprintf("%s, %d of them two at a time", runs, company)
	}
	return []string{
		plain(column.Short), runs, fmt.Sprint(claims), fmt.Sprint(sum.Broken), fmt.Sprint(sum.Unsteady), fmt.Sprint(sum.Error),
		seconds(column.Alone), seconds(column.Company),
	}
}

func seconds(t soak.Times) string {
	if len(t.All) == 0 {
		return "–"
	}
	return t.String()
}

func (p *page) loudClaims(s soak.Soak) {
	head := []string{"claim"}
	for _, column := range s.Columns {
		head = append(head, plain(column.Short))
	}
	var rows [][]string
	for _, claim := range s.Loud() {
		row := []string{code(claim.ID)}
		said := ""
		for i, t := range claim.Tallies {
			entry := t.String()
			if tries := t.TriesSaid(); tries != "" {
				entry += ", " + tries
			}
			row = append(row, plain(entry))
			for _, seen := range t.Incidents {
				if said != "" {
					said += "<br>"
				}
				said += plain(fmt.Sprintf("%s %s: %s", s.Columns[i].Short, seen.Run, seen.Why()))
			}
		}
		rows = append(rows, append(row, said))
	}
	p.table(append(head, "seen"), rows)
}

func (p *page) complaints(s soak.Soak) {
	var rows [][]string
	for _, c := range s.Complaints() {
		rows = append(rows, []string{plain(c.Column + " " + c.Run), plain(c.Line)})
	}
	p.table([]string{"run", "error of the run"}, rows)
}
